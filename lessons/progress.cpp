#include <tapewise/lessons/progress.hpp>

#include <unistd.h>

#include <cstdio>
#include <ostream>

namespace tapewise::lessons {

namespace {
constexpr const char* start_of_line = "\r\x1b[K";  // and erase what is there
constexpr std::size_t bar_width = 30;
}  // namespace

bool standard_output_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

void Progress::show(const std::string& title, std::size_t done, std::size_t all, double loss) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || (done < all && now - drawn_ < std::chrono::milliseconds(100))) return;
  drawn_ = now;
  const std::size_t full = all == 0 ? bar_width : bar_width * done / all;
  char numbers[64];
  std::snprintf(numbers, sizeof numbers, "] %zu/%zu  loss %.4f", done, all, loss);
  out_ << start_of_line << title << " [" << std::string(full, '#')
       << std::string(bar_width - full, '-') << numbers << std::flush;
}

void Progress::finish(const std::string& line) {
  if (terminal_) out_ << start_of_line;
  out_ << line << std::endl;
}

}  // namespace tapewise::lessons

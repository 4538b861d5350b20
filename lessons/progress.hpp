#pragma once
#include <chrono>
#include <iosfwd>
#include <string>

namespace tapewise::lessons {

/// Is standard output a terminal?
bool standard_output_is_terminal();

/// One line of progress: a bar that is drawn over itself on a terminal, nothing but the last line
/// elsewhere.
class Progress {
 public:
  Progress(std::ostream& out, bool terminal) : out_(out), terminal_(terminal) {}

  /// Draws "title [####----] 12/469 note", at most ten times a second.
  void show(const std::string& title, std::size_t done, std::size_t all, double loss);
  /// Replaces the bar by a line that stays.
  void finish(const std::string& line);

 private:
  std::ostream& out_;
  bool terminal_;
  std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace tapewise::lessons

#include <tapewise/lessons/command/graphviz.hpp>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdio>
#include <tapewise/autograd/error.hpp>
#include <tapewise/lessons/command/command.hpp>
#include <vector>

extern char** environ;

namespace tapewise::lessons {

namespace {

/// A file that is gone when the scope is left.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& contents) {
    const int file = mkstemp(path_.data());
    if (file < 0) throw IoError("[svg] cannot write a temporary file");
    std::FILE* out = fdopen(file, "w");
    const bool written = std::fwrite(contents.data(), 1, contents.size(), out) == contents.size();
    if (std::fclose(out) != 0 || !written) throw IoError("[svg] cannot write " + path_);
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  std::string& path() { return path_; }

 private:
  std::string path_ = "/tmp/tapewise-XXXXXX";
};

}  // namespace

void write_svg(const std::string& path, const std::string& dot) {
  write_file(path, "");  // graphviz blames the graph for a file that cannot be written
  TemporaryFile source(dot);
  std::string program = "dot", format = "-Tsvg", output = "-o" + path;
  if (path == "-") output = "-o/dev/stdout";
  std::vector<char*> arguments = {program.data(), format.data(), output.data(),
                                  source.path().data(), nullptr};
  pid_t child = 0;
  int status = 0;
  if (posix_spawnp(&child, "dot", nullptr, nullptr, arguments.data(), environ) != 0 ||
      waitpid(child, &status, 0) != child) {
    throw IoError("[svg] cannot run `dot`: install graphviz");
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw IoError("[svg] `dot` could not draw " + path);
  }
}

}  // namespace tapewise::lessons

// tapewise: back-propagation step by step, the list of ops, the gradient check, plots of units.
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <tapewise/autograd/error.hpp>
#include <tapewise/lessons/command/command.hpp>

namespace tapewise::lessons {

void write_file(const std::string& path, const std::string& contents) {
  if (path == "-") {
    std::cout << contents;
    return;
  }
  std::ofstream out(path, std::ios::binary);
  out << contents;
  out.close();
  if (!out) throw IoError("[write] cannot write " + path);
}

namespace {

int run_command(int argc, char** argv) {
  CLI::App app("Reverse-mode automatic differentiation, step by step.", "tapewise");
  app.set_version_flag("--version", TAPEWISE_VERSION);
  app.set_help_all_flag("--help-all", "Print the help of every subcommand and exit");
  app.require_subcommand(1);
  app.footer(
      "Example:\n"
      "  tapewise step 'L = 0.5*(y - sigmoid(w1*x1^3 + w2*x2))^2' y=0 w1=.02 w2=.01 x1=3 x2=5\n"
      "Exit status: 0 all right, 1 a check failed, 2 wrong arguments or expression, 3 a file\n"
      "cannot be read or written. Write `--` before an expression that begins with a minus.");
  Run run;
  add_step_command(app, run);
  add_ops_command(app, run);
  add_check_command(app, run);
  add_plot_command(app, run);
  add_completion_command(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? all_right : wrong_input;
  }
  return run();
}

}  // namespace

}  // namespace tapewise::lessons

int main(int argc, char** argv) {
  try {
    return tapewise::lessons::run_command(argc, argv);
  } catch (const tapewise::IoError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return tapewise::lessons::no_file;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return tapewise::lessons::wrong_input;
  }
}

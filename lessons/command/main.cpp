// tapewise: back-propagation step by step, the list of ops, the gradient check, plots of units.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <tapewise/autograd/error.hpp>
#include <tapewise/lessons/command/command.hpp>
#include <tapewise/lessons/expression/functions.hpp>

namespace tapewise::lessons {

namespace {

/// The first word, when it is no sub-command.
void require_known_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands({})) names.push_back(sub->get_name());
  if (std::find(names.begin(), names.end(), argv[1]) != names.end()) return;
  const std::string near = nearest_name(argv[1], names);
  throw Error("there is no command \"" + std::string(argv[1]) + "\"" +
              (near.empty() ? ": `tapewise --help` lists them" : ", did you mean " + near + "?"));
}

/// Throws IoError when not all that was printed could be written.
void finish_output() {
  std::cout.flush();
  if (!std::cout) throw IoError("[write] cannot write to standard output");
}

int run_command(int argc, char** argv) {
  CLI::App app("Reverse-mode automatic differentiation, step by step.", "tapewise");
  app.set_version_flag("--version", TAPEWISE_VERSION);
  app.set_help_all_flag("--help-all", "Print the help of every subcommand and exit");
  app.require_subcommand(1);
  app.footer(
      "Example:\n"
      "  tapewise step 'L = 0.5*(y - sigmoid(w1*x1^3 + w2*x2))^2' y=0 w1=.02 w2=.01 x1=3 x2=5\n"
      "Exit status: 0 all right, 1 a check failed, 2 wrong arguments or expression, 3 a file\n"
      "cannot be written. Write `--` before an expression that begins with two minus signs.");
  Run run;
  add_step_command(app, run);
  add_lesson_command(app, run);
  add_ops_command(app, run);
  add_check_command(app, run);
  add_plot_command(app, run);
  add_completion_command(app, run);
  require_known_command(app, argc, argv);
  try {
    app.parse(arguments_of(argc, argv));
  } catch (const CLI::ParseError& error) {
    const bool right = app.exit(error) == 0;
    finish_output();
    return right ? all_right : wrong_input;
  }
  const int status = run();
  finish_output();
  return status;
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

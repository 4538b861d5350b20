#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <span>
#include <string>
#include <tapewise/autograd/op.hpp>
#include <vector>

// The parts of the command `tapewise`. Each adds its subcommand to the app; `run` is set by the one
// that was given, and returns the exit status.

namespace tapewise::lessons {

/// Exit statuses, as --help lists them.
enum Status { all_right = 0, check_failed = 1, wrong_input = 2, no_file = 3 };

using Run = std::function<int()>;

void add_step_command(CLI::App& app, Run& run);
void add_lesson_command(CLI::App& app, Run& run);
void add_ops_command(CLI::App& app, Run& run);
/// `--all` checks the ops of the list.
void add_check_command(CLI::App& app, Run& run, std::span<const OpRecord* const> ops = all_ops());
void add_plot_command(CLI::App& app, Run& run);
void add_completion_command(CLI::App& app, Run& run);

/// The arguments of `main` as the parser wants them.
std::vector<std::string> arguments_of(int argc, char** argv);

/// An expression, which may begin with a minus sign.
CLI::Option* add_expression(CLI::App& sub, const std::string& name, std::string& expression,
                            const std::string& description);
/// An option that names a file.
CLI::Option* add_file_option(CLI::App& sub, const std::string& name, std::string& file,
                             const std::string& description);

/// Writes a file, "-" being standard output. Throws IoError.
void write_file(const std::string& path, const std::string& contents);

}  // namespace tapewise::lessons

// What the sub-commands share: expressions and files among their arguments.
#include <algorithm>
#include <cstdlib>
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

// The parser takes what begins with a minus sign for an option: expressions such as -x^2 get a
// blank in front, and lose it where they are read.
bool needs_blank(const std::string& argument) {
  if (argument.size() < 2 || argument[0] != '-' || argument[1] == '-' || argument == "-h") {
    return false;
  }
  char* end = nullptr;
  (void)std::strtod(argument.c_str(), &end);
  return *end != '\0';
}

std::string lose_blank(std::string& argument) {
  if (argument.starts_with(" -")) argument.erase(0, 1);
  return {};
}

}  // namespace

std::vector<std::string> arguments_of(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  for (std::string& argument : arguments) {
    if (argument == "--") break;
    if (needs_blank(argument)) argument.insert(0, " ");
  }
  std::reverse(arguments.begin(), arguments.end());
  return arguments;
}

CLI::Option* add_expression(CLI::App& sub, const std::string& name, std::string& expression,
                            const std::string& description) {
  return sub.add_option(name, expression, description)->transform(CLI::Validator(lose_blank, ""));
}

CLI::Option* add_file_option(CLI::App& sub, const std::string& name, std::string& file,
                             const std::string& description) {
  return add_expression(sub, name, file, description)
      ->type_name("FILE")
      ->check([](const std::string& given) {
        return given.empty() ? std::string("expected the name of a file") : std::string();
      });
}

}  // namespace tapewise::lessons

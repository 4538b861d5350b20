#include <iostream>
#include <tapewise/lessons/command/command.hpp>
#include <tapewise/lessons/expression/functions.hpp>
#include <tapewise/lessons/lectures/lesson.hpp>

namespace tapewise::lessons {

namespace {

/// The long flags of a command: "--json --dot".
std::string flags(const CLI::App& app) {
  std::string all;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      all += (all.empty() ? "--" : " --") + name;
    }
  }
  return all;
}

/// What can follow a sub-command: its options, and the words that it takes.
std::string words_after(const CLI::App& sub) {
  std::string words = flags(sub);
  const std::string name = sub.get_name();
  if (name == "plot" || name == "ops") {
    for (const std::string& function : function_names()) words += " " + function;
  }
  if (name == "lesson") {
    for (const Lesson& lesson : all_lessons()) (words += " ") += lesson.name;
  }
  return name == "completion" ? words + " bash zsh fish" : words;
}

/// A bash function; zsh reads it through bashcompinit. Made from the app itself, so that no option
/// is forgotten.
std::string script(const CLI::App& app, const std::string& shell) {
  std::string names, cases, lines;
  for (const CLI::App* sub : app.get_subcommands({})) {
    names += (names.empty() ? "" : " ") + sub->get_name();
    cases += "    " + sub->get_name() + ") words=\"" + words_after(*sub) + "\" ;;\n";
    lines += "complete -c tapewise -n '__fish_seen_subcommand_from " + sub->get_name() + "' -a '" +
             words_after(*sub) + "'\n";
  }
  if (shell == "fish") {
    return "complete -c tapewise -f -n __fish_use_subcommand -a '" + names + " " + flags(app) +
           "'\n" + lines;
  }
  return (shell == "zsh" ? "autoload -U +X compinit && compinit\n"
                           "autoload -U +X bashcompinit && bashcompinit\n"
                         : "") +
         std::string("_tapewise() {\n  local words=\"") + names + " " + flags(app) +
         "\"\n"
         "  [[ $COMP_CWORD -gt 1 ]] && case ${COMP_WORDS[1]} in\n" +
         cases +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "}\n"
         "complete -o default -F _tapewise tapewise\n";
}

}  // namespace

void add_completion_command(CLI::App& app, Run& run) {
  auto shell = std::make_shared<std::string>("bash");
  CLI::App* sub = app.add_subcommand("completion", "Print the completion script of a shell");
  sub->add_option("shell", *shell, "bash, zsh or fish: source <(tapewise completion bash)")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->capture_default_str();
  sub->callback([&app, &run, shell] {
    run = [&app, shell] {
      std::cout << script(app, *shell);
      return all_right;
    };
  });
}

}  // namespace tapewise::lessons

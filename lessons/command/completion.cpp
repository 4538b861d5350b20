#include <iostream>
#include <tapewise/lessons/command/command.hpp>
#include <tapewise/lessons/expression/functions.hpp>

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

/// A bash function; zsh reads it through bashcompinit. Made from the app itself, so that no option
/// is forgotten.
std::string script(const CLI::App& app, const std::string& shell) {
  std::string names, cases;
  for (const CLI::App* sub : app.get_subcommands({})) {
    names += (names.empty() ? "" : " ") + sub->get_name();
    std::string words = flags(*sub);
    if (sub->get_name() == "plot" || sub->get_name() == "ops") {
      for (const std::string& function : function_names()) words += " " + function;
    }
    if (sub->get_name() == "completion") words += " bash zsh fish";
    cases += "    " + sub->get_name() + ") words=\"" + words + "\" ;;\n";
  }
  if (shell == "fish") {
    std::string out = "complete -c tapewise -f -n __fish_use_subcommand -a '" + names + "'\n";
    for (const CLI::App* sub : app.get_subcommands({})) {
      out += "complete -c tapewise -n '__fish_seen_subcommand_from " + sub->get_name() + "' -a '" +
             flags(*sub) + "'\n";
    }
    return out;
  }
  return (shell == "zsh" ? "autoload -U +X bashcompinit && bashcompinit\n" : std::string()) +
         "_tapewise() {\n"
         "  local words=\"" +
         names + " " + flags(app) +
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

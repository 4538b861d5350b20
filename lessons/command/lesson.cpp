#include <cmath>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <tapewise/autograd/trace/step_through.hpp>
#include <tapewise/autograd/trace/text.hpp>
#include <tapewise/lessons/command/command.hpp>
#include <tapewise/lessons/command/graphviz.hpp>
#include <tapewise/lessons/command/page.hpp>
#include <tapewise/lessons/command/picture.hpp>
#include <tapewise/lessons/expression/expression.hpp>
#include <tapewise/lessons/lectures/lesson.hpp>
#include <tapewise/lessons/lectures/write.hpp>

namespace tapewise::lessons {

namespace {

struct Options {
  std::string name;
  std::vector<std::string> changes;
  bool all = false, check = false, json = false, markdown = false, steps = false;
  std::string html, dot, svg, latex, chart;
};

/// The table of contents.
void list_lessons() {
  std::string_view section;
  for (const Lesson& lesson : all_lessons()) {
    if (lesson.section != section) {
      std::cout << (section.empty() ? "" : "\n") << lesson.section << '\n';
      section = lesson.section;
    }
    std::cout << "  " << std::left << std::setw(18) << lesson.name << lesson.title << "  ["
              << lesson.source << "]" << (lesson.slips.empty() ? "" : "  slips: ") << lesson.slips
              << '\n';
  }
  std::cout << "\ntapewise lesson NAME runs one; --help lists the forms of output\n";
}

std::map<std::string, double> changes_of(const Options& options) {
  std::map<std::string, double> changes;
  for (const std::string& text : options.changes) {
    const Binding binding = read_binding(text);
    char* end = nullptr;
    const double x = std::strtod(binding.value.c_str(), &end);
    if (*end != '\0' || !std::isfinite(x)) {
      throw Error("[lesson] " + binding.name + " is a finite number, given " + text);
    }
    if (!changes.emplace(binding.name, x).second) {
      throw Error("[lesson] " + binding.name + " is given twice");
    }
  }
  return changes;
}

/// Each chart to its own file: "picture.svg", then "picture-2.svg".
void write_charts(const std::string& path, const Lecture& lecture) {
  if (!path.ends_with(".svg") && !path.ends_with(".png")) {
    throw Error("[lesson] pictures are .svg or .png files, given " + path);
  }
  int number = 0;
  for (const LessonPart& part : lecture.parts()) {
    if (part.kind != LessonPart::Kind::chart) continue;
    std::string file = path;
    if (++number > 1) file.insert(file.rfind('.'), "-" + std::to_string(number));
    if (file.ends_with(".png"))
      write_chart_png(file, part.chart);
    else
      write_chart_svg(file, part.chart);
  }
  if (number == 0) throw Error("[lesson] there are no pictures in this one");
}

bool run_one(const Lesson& lesson, const Options& options) {
  Lecture lecture(changes_of(options));
  lesson.run(lecture);
  lecture.require_known_changes();
  if (options.check) {
    std::cout << (lecture.holds() ? "right  " : "WRONG  ") << lesson.name << '\n';
    if (!lecture.holds()) print_lesson(std::cout, lesson, lecture, false);
    return lecture.holds();
  }
  bool written = false;
  const auto to_file = [&](const std::string& path, auto&& make) {
    if (path.empty()) return;
    write_file(path, make(trace_of(lesson, lecture)));
    written = true;
  };
  to_file(options.html,
          [&](const Trace&) { return editable_page(lesson_trace_json(lesson, lecture)); });
  to_file(options.dot, [](const Trace& trace) { return to_dot(trace, fold_large(trace)); });
  to_file(options.latex, [](const Trace& trace) { return to_latex(trace); });
  if (!options.svg.empty()) {
    const Trace& trace = trace_of(lesson, lecture);
    write_svg(options.svg, to_dot(trace, fold_large(trace)));
    written = true;
  }
  if (!options.chart.empty()) {
    write_charts(options.chart, lecture);
    written = true;
  }
  if (options.json)
    std::cout << lesson_json(lesson, lecture);
  else if (options.markdown)
    std::cout << lesson_markdown(lesson, lecture);
  else if (!written)
    print_lesson(std::cout, lesson, lecture, options.steps);
  return lecture.holds();
}

/// All lessons as a list.
int lessons_as_json() {
  auto all = nlohmann::ordered_json::array();
  bool right = true;
  for (const Lesson& one : all_lessons()) {
    Lecture lecture;
    one.run(lecture);
    all.push_back(nlohmann::ordered_json::parse(lesson_json(one, lecture)));
    right = right && lecture.holds();
  }
  std::cout << all.dump(1) << '\n';
  return right ? all_right : check_failed;
}

int lesson(const Options& options) {
  if (!options.all) {
    if (options.name.empty()) {
      list_lessons();
      return all_right;
    }
    return run_one(lesson_named(options.name), options) ? all_right : check_failed;
  }
  if (options.json) return lessons_as_json();
  std::size_t wrong = 0;
  for (const Lesson& one : all_lessons()) {
    wrong += run_one(one, options) ? 0U : 1U;
    if (!options.check && !options.json) std::cout << '\n';
  }
  if (options.check) {
    std::cout << all_lessons().size() - wrong << " of " << all_lessons().size()
              << " lessons agree with their lectures\n";
  }
  return wrong == 0 ? all_right : check_failed;
}

}  // namespace

void add_lesson_command(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand(
      "lesson", "List the lessons of the lectures, or run one: numbers, slips, pictures, steps");
  sub->add_option("name", options->name, "A lesson; without one, the table of contents");
  sub->add_option("changes", options->changes, "Other inputs than the lecture's: w1=.03")
      ->type_name("NAME=VALUE");
  sub->add_flag("--all", options->all, "All lessons, one after the other");
  CLI::Option* check =
      sub->add_flag("--check", options->check, "Only say whether every number agrees");
  sub->add_flag("--steps", options->steps, "Print every step of the graphs, too");
  CLI::Option* json =
      sub->add_flag("--json", options->json, "Print the lesson as JSON (docs/trace.md)");
  CLI::Option* markdown =
      sub->add_flag("--markdown", options->markdown, "Print it as Markdown with formulas");
  json->excludes(check)->excludes(markdown);
  markdown->excludes(check);
  add_file_option(*sub, "--html", options->html, "Write the page of its graph to a file");
  add_file_option(*sub, "--dot", options->dot, "Write its graph for graphviz");
  add_file_option(*sub, "--svg", options->svg, "Draw its graph (needs graphviz)");
  add_file_option(*sub, "--latex", options->latex, "Write a LaTeX document");
  add_file_option(*sub, "--pictures", options->chart, "Write its pictures to .svg or .png files");
  sub->callback([&run, options, sub] {
    bool to_file = false;
    for (const char* name : {"--html", "--dot", "--svg", "--latex", "--pictures"}) {
      to_file = to_file || sub->count(name) > 0;
    }
    if (options->all && (to_file || !options->name.empty())) {
      throw CLI::ValidationError("--all", "takes no name and writes no files");
    }
    if (options->name.empty() && !options->all && sub->count_all() > 1) {
      throw CLI::RequiredError("the name of a lesson or --all");
    }
    run = [options] { return lesson(*options); };
  });
}

}  // namespace tapewise::lessons

#include <tapewise/lessons/lectures/write.hpp>

#include <nlohmann/json.hpp>
#include <ostream>
#include <tapewise/autograd/trace/json_number.hpp>
#include <tapewise/autograd/trace/step_through.hpp>
#include <tapewise/autograd/trace/text.hpp>

namespace tapewise::lessons {

namespace {

using Kind = LessonPart::Kind;

/// Breaks a paragraph into lines.
std::string wrapped(const std::string& text, std::size_t width = 92) {
  std::string out, line;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t space = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, space - at);
    if (!line.empty() && line.size() + 1 + word.size() > width) {
      out += line + '\n';
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
    at = space + 1;
  }
  return out + line;
}

const char* mark(const Claim& claim) {
  if (!claim.compared) return "·";
  return claim.holds ? "✓" : "✗";
}

std::string sentence(const LessonPart& part) {
  const Claim& c = part.claim;
  const bool number = part.kind == Kind::printed || part.kind == Kind::exact;
  if (number && !c.compared) return c.what + ": " + c.found + ", in the lecture " + c.expected;
  switch (part.kind) {
    case Kind::printed:
      return c.what + ": the lecture prints " + c.expected + ", computed " + c.found;
    case Kind::exact: return c.what + ": " + c.found + ", exactly " + c.expected;
    case Kind::slip:
      return "slip " + c.what + ": the slide says " + c.expected + "; right is " + c.found +
             ".\n    Numeric check: " + c.check;
    default: return c.what + (c.found.empty() ? "" : " (" + c.found + ")");
  }
}

const char* name_of(Kind kind) {
  constexpr const char* names[] = {"text", "printed", "exact", "claim", "slip", "chart", "trace"};
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace

void print_lesson(std::ostream& out, const Lesson& lesson, const Lecture& lecture, bool steps) {
  out << lesson.title << "   [" << lesson.source << "]\n\n";
  for (const LessonPart& part : lecture.parts()) {
    switch (part.kind) {
      case Kind::text: out << wrapped(part.text) << "\n\n"; break;
      case Kind::chart: out << '\n' << chart_text(part.chart) << '\n'; break;
      case Kind::trace:
        out << '\n';
        if (steps) {
          print_all(out, *part.trace, fold_large(*part.trace));
        } else {
          out << "  graph of " << part.text << ": --steps prints each step, --html FILE draws it\n";
        }
        break;
      default: out << "  " << mark(part.claim) << ' ' << sentence(part) << '\n';
    }
  }
  if (!lecture.numbers().empty()) {
    out << "\ninputs you can change:";
    for (const auto& [name, x] : lecture.numbers()) out << ' ' << name << '=' << digits(x);
    out << '\n';
  }
}

std::string lesson_markdown(const Lesson& lesson, const Lecture& lecture) {
  std::string out =
      "## " + std::string(lesson.title) + "\n\nSource: " + std::string(lesson.source) + "\n\n";
  for (const LessonPart& part : lecture.parts()) {
    switch (part.kind) {
      case Kind::text: out += part.text + "\n\n"; break;
      case Kind::chart: out += "\n```text\n" + chart_text(part.chart) + "```\n\n"; break;
      case Kind::trace: out += "\n" + to_markdown(*part.trace) + "\n"; break;
      default: out += std::string("- ") + mark(part.claim) + " " + sentence(part) + "\n";
    }
  }
  return out;
}

namespace {

/// The numbers that the reader can change.
nlohmann::ordered_json inputs_json(const Lecture& lecture) {
  nlohmann::ordered_json inputs = nlohmann::ordered_json::object();
  for (const auto& [name, x] : lecture.numbers()) inputs[name] = x;
  return inputs;
}

}  // namespace

std::string lesson_json(const Lesson& lesson, const Lecture& lecture) {
  nlohmann::ordered_json parts = nlohmann::ordered_json::array();
  for (const LessonPart& part : lecture.parts()) {
    nlohmann::ordered_json one = {{"kind", name_of(part.kind)}};
    const Claim& c = part.claim;
    switch (part.kind) {
      case Kind::text: one["text"] = part.text; break;
      case Kind::chart:
        one["title"] = part.chart.title;
        one["x"] = part.chart.x;
        for (const Curve& curve : part.chart.curves) one["curves"][curve.name] = curve.y;
        break;
      case Kind::trace: one["trace"] = nlohmann::ordered_json::parse(to_json(*part.trace)); break;
      default:
        one["what"] = c.what;
        one["expected"] = c.expected;
        one["found"] = c.found;
        if (!c.check.empty()) one["check"] = c.check;
        one["compared"] = c.compared;
        one["holds"] = c.holds;
    }
    parts.push_back(std::move(one));
  }
  const nlohmann::ordered_json inputs = inputs_json(lecture);
  const nlohmann::ordered_json all = {{"name", lesson.name},     {"title", lesson.title},
                                      {"source", lesson.source}, {"section", lesson.section},
                                      {"slips", lesson.slips},   {"holds", lecture.holds()},
                                      {"inputs", inputs},        {"parts", parts}};
  return all.dump(1) + "\n";
}

std::string lesson_trace_json(const Lesson& lesson, const Lecture& lecture) {
  std::string text = to_json(trace_of(lesson, lecture), {.latex = false});
  const nlohmann::ordered_json inputs = inputs_json(lecture);
  add_members(text, {{"lesson", {{"name", lesson.name}, {"inputs", inputs}}}}, -1);
  return text;
}

}  // namespace tapewise::lessons

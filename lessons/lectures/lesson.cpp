#include <tapewise/lessons/lectures/lesson.hpp>

#include <cmath>
#include <cstdlib>
#include <tapewise/lessons/expression/functions.hpp>

namespace tapewise::lessons {

namespace {

/// Half a unit of the last digit that is printed: .005 for "1.23".
double half_unit(std::string_view digits) {
  const std::size_t point = digits.find('.');
  const auto decimals = point == std::string_view::npos ? 0 : digits.size() - point - 1;
  return 0.5 * std::pow(10.0, -static_cast<double>(decimals));
}

}  // namespace

std::string digits(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", x);
  return text;
}

double Lecture::number(const std::string& name, double lecture) {
  const auto changed = changed_.find(name);
  const double x = changed == changed_.end() ? lecture : changed->second;
  asked_[name] = x;
  return x;
}

Var Lecture::array(const std::string& name, const xt::xarray<double>& lecture, std::string label) {
  xt::xarray<double> numbers = lecture;
  const std::size_t columns = lecture.shape().back();
  for (std::size_t i = 0; i < lecture.size(); ++i) {
    const bool matrix = lecture.dimension() == 2;
    const std::string row = matrix ? std::to_string(i / columns + 1) : "";
    numbers.flat(i) = number(name + row + std::to_string(i % columns + 1), lecture.flat(i));
  }
  return tape_.input(numbers, label.empty() ? name : std::move(label));
}

void Lecture::add(LessonPart::Kind kind, Claim claim, std::string text) {
  claim.compared = changed_.empty();
  if (!claim.compared) claim.holds = true;
  parts_.push_back({kind, std::move(text), std::move(claim), {}, nullptr});
}

void Lecture::say(std::string paragraph) {
  parts_.push_back({LessonPart::Kind::text, std::move(paragraph), {}, {}, nullptr});
}

void Lecture::printed(std::string what, std::string_view text, double found, double units) {
  const double allowed = 2 * units * half_unit(text) * (1 + 1e-9);
  const bool holds = std::abs(found - std::strtod(std::string(text).c_str(), nullptr)) <= allowed;
  add(LessonPart::Kind::printed,
      {std::move(what), std::string(text), digits(found), "", true, holds});
}

void Lecture::exact(std::string what, double expected, double found, double relative) {
  const bool holds = std::abs(found - expected) <= relative * std::max(1.0, std::abs(expected));
  add(LessonPart::Kind::exact,
      {std::move(what), to_text(expected), to_text(found), "", true, holds});
}

void Lecture::claim(std::string what, bool holds, std::string found) {
  add(LessonPart::Kind::claim, {std::move(what), "", std::move(found), "", true, holds});
}

void Lecture::slip(std::string_view number, std::string slide, std::string right, std::string check,
                   bool shown) {
  add(LessonPart::Kind::slip,
      {std::string(number), std::move(slide), std::move(right), std::move(check), true, shown});
}

void Lecture::chart(Chart chart) {
  LessonPart part;
  part.kind = LessonPart::Kind::chart;
  part.text = chart.title;
  part.chart = std::move(chart);
  parts_.push_back(std::move(part));
}

const Trace& Lecture::trace(const GradientTable& table, std::span<const Var> updates) {
  LessonPart part;
  part.kind = LessonPart::Kind::trace;
  part.trace = std::make_shared<const Trace>(make_trace(table, updates));
  part.text = part.trace->title;
  const Trace& trace = *part.trace;
  parts_.push_back(std::move(part));
  std::size_t wrong = 0, right = 0, undecidable = 0;
  for (const TraceEntry& entry : trace.entries) {
    wrong += entry.check.verdict == "wrong" ? 1 : 0;
    right += entry.check.verdict == "right" ? 1 : 0;
    undecidable += entry.check.verdict == "undecidable" ? 1 : 0;
  }
  const std::string kinks =
      undecidable > 0 ? ", " + std::to_string(undecidable) + " undecidable, as at a kink" : "";
  parts_.push_back({LessonPart::Kind::claim,
                    "",
                    {"every entry of the table agrees with its numeric check", "",
                     std::to_string(right) + " right, " + std::to_string(wrong) + " wrong" + kinks,
                     "", true, wrong == 0 && (right > 0 || !changed_.empty())},
                    {},
                    nullptr});
  return trace;
}

void Lecture::checked(std::string what, const Var& output, const std::vector<Var>& inputs) {
  claim(std::move(what) + " agrees with the numeric check", bool(gradcheck(output, inputs)));
}

void Lecture::require_known_changes() const {
  for (const auto& [name, value] : changed_) {
    if (asked_.contains(name)) continue;
    std::string known;
    for (const auto& [asked, x] : asked_) known += (known.empty() ? "" : ", ") + asked;
    throw Error("[lesson] there is no input " + name +
                (known.empty() ? ": this lesson has none" : ": it has " + known));
  }
}

bool Lecture::holds() const {
  for (const LessonPart& part : parts_) {
    if (!part.claim.holds) return false;
  }
  return true;
}

const Trace& trace_of(const Lesson& lesson, const Lecture& lecture) {
  for (const LessonPart& part : lecture.parts()) {
    if (part.trace != nullptr) return *part.trace;
  }
  throw Error("[lesson] " + std::string(lesson.name) + " has no graph to draw");
}

double numeric(const Trace& trace, const Var& v) {
  for (const TraceEntry& entry : trace.entries) {
    if (entry.node == v.id()) return entry.check.numeric;
  }
  throw Error("[lesson] there is no entry of " + v.name());
}

// --- the table of contents ----------------------------------------------------------------------

std::span<const Lesson> all_lessons() {
  static const std::vector<Lesson> all = [] {
    std::vector<Lesson> list;
    for (const auto section : {engine_lessons(), worked_lessons(), unit_lessons(), cost_lessons(),
                               behaviour_lessons()}) {
      list.insert(list.end(), section.begin(), section.end());
    }
    return list;
  }();
  return all;
}

const Lesson& lesson_named(std::string_view name) {
  std::string near;
  std::vector<std::string> names;
  for (const Lesson& lesson : all_lessons()) {
    if (lesson.name == name) return lesson;
    names.emplace_back(lesson.name);
    if (lesson.name.find(name) != std::string_view::npos) {
      near += (near.empty() ? "" : ", ") + names.back();
    }
  }
  if (near.empty()) near = nearest_name(name, names);
  throw Error("[lesson] there is no lesson " + std::string(name) +
              (near.empty() ? ": `tapewise lesson` lists them" : ": perhaps " + near));
}

}  // namespace tapewise::lessons

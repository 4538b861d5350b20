#pragma once
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tapewise/autograd/trace/trace.hpp>
#include <tapewise/lessons/command/picture.hpp>
#include <tapewise/tapewise.hpp>
#include <vector>

// The lectures' cases, numbers and behaviours as programs that run, say what they do, and check
// every number. Citations: R = M. Roch, "Deep Nets"; K = J. C. Kao, lecture 7-2; W = J. Whitehill,
// CS 453X, class 19; U = CPT_S 434/534, "Units in Neural Networks".

namespace tapewise::lessons {

/// Something a lesson says that can be true or false.
struct Claim {
  std::string what;      ///< "u_out"
  std::string expected;  ///< as printed, or exactly; what is claimed
  std::string found;     ///< what the library computes
  std::string check;     ///< of a slip: the numeric check that finds it
  bool compared = true;  ///< false when the reader has changed the inputs: nothing to compare with
  bool holds = true;
};

/// A part of a lesson, in the order in which it is told.
struct LessonPart {
  enum class Kind { text, printed, exact, claim, slip, chart, trace };
  Kind kind = Kind::text;
  std::string text;  ///< a paragraph; of a slip, its name and what the slide says
  Claim claim;
  Chart chart;
  std::shared_ptr<const Trace> trace;
};

struct Lesson;

/// What a lesson says while it runs, and what the reader has changed.
class Lecture {
 public:
  explicit Lecture(std::map<std::string, double> changed = {}) : changed_(std::move(changed)) {}

  Tape& tape() { return tape_; }
  /// A number that the reader can change, by name: `tapewise lesson NAME w1=.03`.
  double number(const std::string& name, double lecture);
  Var input(const std::string& name, double lecture) {
    return tape_.input(number(name, lecture), name);
  }
  /// A vector or matrix of such numbers: z1, z2, ... or W11, W12, ...; `label` is the node's, when
  /// it is another.
  Var array(const std::string& name, const xt::xarray<double>& lecture, std::string label = "");

  void say(std::string paragraph);
  /// The lecture prints these digits: holds when `found` rounds to them. One unit of the last digit
  /// may be allowed for, where the lecture computes with rounded factors.
  void printed(std::string what, std::string_view digits, double found, double units = 0.5);
  /// The exact number, to `relative` (or as an absolute error below 1).
  void exact(std::string what, double expected, double found, double relative = 1e-14);
  void claim(std::string what, bool holds, std::string found = "");
  /// A slip of the slides, by its number in shared/lectures.md, section 6. `check` is the numeric
  /// check that finds it, and `shown` whether it does: the slide is off, and the right one is not.
  void slip(std::string_view number, std::string slide, std::string right, std::string check,
            bool shown);
  void chart(Chart chart);
  /// Steps through the table; every entry's numeric check has to say right.
  const Trace& trace(const GradientTable& table, std::span<const Var> updates = {});
  /// d output / d inputs, compared with differences or the complex step.
  void checked(std::string what, const Var& output, const std::vector<Var>& inputs);

  /// Throws Error for a name that the lesson has not asked for.
  void require_known_changes() const;
  const std::vector<LessonPart>& parts() const { return parts_; }
  const std::map<std::string, double>& numbers() const { return asked_; }
  bool holds() const;

 private:
  void add(LessonPart::Kind kind, Claim claim, std::string text = "");

  Tape tape_;
  std::map<std::string, double> changed_, asked_;
  std::vector<LessonPart> parts_;
};

/// An entry of the table of contents.
struct Lesson {
  std::string_view name, title, source;
  std::string_view section;  ///< "1 The engine"
  void (*run)(Lecture&);
  std::string_view slips = "";  ///< the slips it shows: "E1 E2"
};

/// The first graph that the lesson steps through. Throws Error when there is none.
const Trace& trace_of(const Lesson& lesson, const Lecture& lecture);

/// All lessons, in the order of the lectures.
std::span<const Lesson> all_lessons();
/// Throws Error, with the nearest names, when there is none of that name.
const Lesson& lesson_named(std::string_view name);

/// The sections' lists, one file each.
std::span<const Lesson> engine_lessons();
std::span<const Lesson> worked_lessons();
std::span<const Lesson> unit_lessons();
std::span<const Lesson> cost_lessons();
std::span<const Lesson> behaviour_lessons();

/// What the numeric check of a trace says of ∂output/∂v.
double numeric(const Trace& trace, const Var& v);

/// "0.6433651457": what lessons print of a number.
std::string digits(double x);

}  // namespace tapewise::lessons

// The lessons of the lectures: they all hold, and a wrong number would be found.
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <tapewise/lessons/lectures/lesson.hpp>
#include <tapewise/lessons/lectures/write.hpp>

#include "show.hpp"

namespace tw = tapewise;
using namespace tapewise::lessons;
using tests::contains, tests::message_of;

TEST_CASE("every lesson agrees with its lecture, and each slip of the slides is in one") {
  std::set<std::string_view> names;
  std::string slips;
  for (const Lesson& lesson : all_lessons()) {
    CHECK(names.insert(lesson.name).second);
    Lecture lecture;
    lesson.run(lecture);
    std::ostringstream out;
    print_lesson(out, lesson, lecture, false);
    CHECK_MESSAGE(lecture.holds(), out.str());
    std::size_t claims = 0;
    std::string shown;
    for (const LessonPart& part : lecture.parts()) {
      claims += part.claim.what.empty() ? 0U : 1U;
      if (part.kind == LessonPart::Kind::slip) {
        shown += (shown.empty() ? "" : " ") + part.claim.what;
      }
    }
    CHECK_MESSAGE(claims >= 2, lesson.name);
    CHECK(shown == lesson.slips);
    slips += " " + shown;
  }
  for (const char* slip : {"E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8"}) {
    CHECK_MESSAGE(contains(slips, slip), slip);
  }
}

TEST_CASE("every lesson steps through a graph and has inputs that the reader can change") {
  for (const Lesson& lesson : all_lessons()) {
    Lecture lecture;
    lesson.run(lecture);
    CHECK_NOTHROW((void)trace_of(lesson, lecture));
    CHECK_MESSAGE(!lecture.numbers().empty(), lesson.name);
    if (lesson.name == "xor-descent" || lesson.name == "approximation") continue;  // slow
    const auto [name, number] = *lecture.numbers().begin();
    Lecture changed({{name, number + 0.125}});
    lesson.run(changed);
    CHECK_NOTHROW(changed.require_known_changes());
    CHECK_MESSAGE(changed.holds(), lesson.name);
  }
}

TEST_CASE("behaviours show pictures, and each slip the numeric check that finds it") {
  std::set<std::string_view> with_picture;
  for (const Lesson& lesson : all_lessons()) {
    Lecture lecture;
    lesson.run(lecture);
    for (const LessonPart& part : lecture.parts()) {
      if (part.kind == LessonPart::Kind::chart) with_picture.insert(lesson.name);
      if (part.kind == LessonPart::Kind::slip) CHECK(part.claim.check.size() > 10);
    }
  }
  for (const char* name : {"dying-relu", "zig-zag", "saturation", "step-size", "xor-descent",
                           "feature-space", "mean-median", "kl", "approximation", "vanishing"}) {
    CHECK_MESSAGE(with_picture.contains(name), name);
  }
}

TEST_CASE("at a kink that the reader has chosen nothing is wrong") {
  Lecture at_kink({{"x", 0.0}});
  lesson_named("relu").run(at_kink);
  CHECK(at_kink.holds());
  std::ostringstream out;
  print_lesson(out, lesson_named("relu"), at_kink, false);
  CHECK(contains(out.str(), "0 right, 0 wrong, 1 undecidable"));
}

TEST_CASE("the numbers of an array are changed one by one") {
  Lecture lecture({{"W21", 5.0}, {"b2", 7.0}});
  const tw::Var W = lecture.array("W", {{1, 2}, {3, 4}}), b = lecture.array("b", {0, 0}, "β");
  CHECK(xt::all(xt::equal(W.value<double>(), xt::xarray<double>{{1, 2}, {5, 4}})));
  CHECK(xt::all(xt::equal(b.value<double>(), xt::xarray<double>{0, 7})));
  CHECK(b.name() == "β");
  CHECK(lecture.numbers().size() == 6);
}

TEST_CASE("a number that does not round to the printed digits is found") {
  const auto holds = [](auto&& say) {
    Lecture lecture;
    say(lecture);
    return lecture.holds();
  };
  CHECK(holds([](Lecture& l) { l.printed("u", ".6434", 0.64337); }));
  CHECK_FALSE(holds([](Lecture& l) { l.printed("u", ".6434", 0.64334); }));
  CHECK(holds([](Lecture& l) { l.exact("u", 0.59, 0.59); }));
  CHECK_FALSE(holds([](Lecture& l) { l.exact("u", 0.59, 0.5900001); }));
  CHECK_FALSE(holds([](Lecture& l) { l.claim("u", false); }));
  CHECK_FALSE(holds([](Lecture& l) { l.slip("E0", "a", "b", "c", false); }));
  CHECK_FALSE(holds([](Lecture& l) { l.exact("not a number", 0, std::nan("")); }));
}

TEST_CASE("a reader's own inputs are computed, not compared") {
  Lecture lecture({{"w1", 0.5}});
  lesson_named("unit").run(lecture);
  lecture.require_known_changes();
  CHECK(lecture.holds());
  CHECK(lecture.numbers().at("w1") == 0.5);
  Lecture unknown({{"zz", 0.5}});
  lesson_named("unit").run(unknown);
  CHECK(contains(message_of<tw::Error>([&] { unknown.require_known_changes(); }),
                 "no input zz: it has w1, w2, x1, x2, y"));
  CHECK(contains(message_of<tw::Error>([] { (void)lesson_named("soft"); }),
                 "perhaps softplus, softmax, log-softmax"));
}

TEST_CASE("a lesson as JSON carries its claims and its trace") {
  const Lesson& lesson = lesson_named("diamond");
  Lecture lecture;
  lesson.run(lecture);
  const auto json = nlohmann::json::parse(lesson_json(lesson, lecture));
  CHECK(json.at("holds") == true);
  CHECK(json.at("inputs").at("a") == 2.0);
  bool sum_of_two = false;
  for (const auto& part : json.at("parts")) {
    if (part.at("kind") != "trace") continue;
    for (const auto& entry : part.at("trace").at("entries")) {
      sum_of_two = sum_of_two || entry.at("contributions").size() == 2;
    }
  }
  CHECK(sum_of_two);
}

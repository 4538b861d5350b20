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
  CHECK_FALSE(holds([](Lecture& l) { l.slip("E0", "a", "b", false); }));
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

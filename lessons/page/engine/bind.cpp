// The one function that the page calls.
#include <emscripten/bind.h>

#include <nlohmann/json.hpp>
#include <tapewise/autograd/threads.hpp>
#include <tapewise/lessons/expression/session.hpp>
#include <tapewise/lessons/lectures/write.hpp>

namespace {

using json = nlohmann::ordered_json;  // inputs keep their order
namespace lessons = tapewise::lessons;

std::string trace_of_expression(const json& asked) {
  lessons::SessionOptions options;
  options.expression = asked.at("source");
  for (const auto& [name, value] : asked.at("inputs").items()) {
    options.inputs.push_back({name, value});
  }
  options.check = asked.value("check", true);
  options.rate = asked.value("rate", 0.0);
  options.steps = asked.value("steps", 1);
  options.learn = asked.value("learn", std::vector<std::string>());
  return lessons::Session(options).json();
}

std::string trace_of_lesson(const json& asked) {
  const lessons::Lesson& lesson = lessons::lesson_named(asked.at("name").get<std::string>());
  lessons::Lecture lecture(asked.at("inputs").get<std::map<std::string, double>>());
  lesson.run(lecture);
  return lessons::lesson_trace_json(lesson, lecture);
}

/// The trace for {"expression": ...} or {"lesson": ...}, as docs/trace.md describes them, or
/// {"error": text}.
std::string compute(const std::string& request) {
  try {
    tapewise::set_num_threads(1);
    const json asked = json::parse(request);
    return asked.contains("lesson") ? trace_of_lesson(asked["lesson"])
                                    : trace_of_expression(asked.at("expression"));
  } catch (const std::exception& error) {
    return json{{"error", error.what()}}.dump(-1, ' ', false, json::error_handler_t::replace);
  }
}

}  // namespace

EMSCRIPTEN_BINDINGS(tapewise) { emscripten::function("compute", &compute); }

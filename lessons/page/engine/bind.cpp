// What the page calls.
#include <emscripten/bind.h>
#include <emscripten/emscripten.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <tapewise/autograd/threads.hpp>
#include <tapewise/autograd/trace/json_writer.hpp>
#include <tapewise/lessons/expression/session.hpp>
#include <tapewise/lessons/lectures/write.hpp>

namespace {

using json = nlohmann::ordered_json;  // inputs keep their order
namespace lessons = tapewise::lessons;

lessons::SessionOptions options_of(const json& asked) {
  lessons::SessionOptions options;
  options.expression = asked.at("source");
  for (const auto& [name, value] : asked.at("inputs").items()) {
    options.inputs.push_back({name, value});
  }
  options.check = asked.value("check", true);
  options.rate = asked.value("rate", 0.0);
  options.steps = asked.value("steps", 1);
  options.learn = asked.value("learn", std::vector<std::string>());
  options.check_later = true;
  return options;
}

std::string trace_of_lesson(const json& asked) {
  const lessons::Lesson& lesson = lessons::lesson_named(asked.at("name").get<std::string>());
  lessons::Lecture lecture(asked.at("inputs").get<std::map<std::string, double>>());
  lesson.run(lecture);
  return lessons::lesson_trace_json(lesson, lecture);
}

/// What `work` writes, or {"error": text}.
template <class F>
std::string answer(F&& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    return json{{"error", error.what()}}.dump(-1, ' ', false, json::error_handler_t::replace);
  }
}

/// What a page asks: a trace, and then the numeric checks that are still pending in it.
class Engine {
 public:
  Engine() { tapewise::set_num_threads(1); }

  /// The trace for {"expression": ...} or {"lesson": ...}, as docs/trace.md describes them, without
  /// LaTeX. Entries of an expression are pending: `check` follows.
  std::string compute(const std::string& request) {
    return answer([&] {
      session_.reset();
      const json asked = json::parse(request);
      if (asked.contains("lesson")) return trace_of_lesson(asked["lesson"]);
      session_ = std::make_unique<lessons::Session>(options_of(asked.at("expression")));
      return session_->json({.latex = false});
    });
  }

  /// The checks of the next entries, {"checks": [{"entry": 3, "check": ...}], "done": false}: as
  /// many as there are in about so many milliseconds, one at least.
  std::string check(double milliseconds) {
    return answer([&] {
      tapewise::JsonWriter made;
      made.open('{');
      made.key("checks");
      made.open('[');
      const double end = emscripten_get_now() + milliseconds;
      bool done = session_ == nullptr;
      while (!done) {
        const std::size_t entry = session_->check_next();
        done = entry == session_->trace().entries.size();
        if (done) break;
        made.open('{');
        made.member("entry", entry);
        made.key("check");
        write_json(made, session_->trace().entries[entry].check);
        made.close('}');
        if (emscripten_get_now() >= end) break;
      }
      made.close(']');
      made.member("done", done);
      made.close('}');
      return made.take();
    });
  }

 private:
  std::unique_ptr<lessons::Session> session_;
};

}  // namespace

EMSCRIPTEN_BINDINGS(tapewise) {
  emscripten::class_<Engine>("Engine")
      .constructor<>()
      .function("compute", &Engine::compute)
      .function("check", &Engine::check);
}

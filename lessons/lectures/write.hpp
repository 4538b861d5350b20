#pragma once
#include <iosfwd>
#include <string>
#include <tapewise/lessons/lectures/lesson.hpp>

namespace tapewise::lessons {

/// A lesson that has run, for a terminal. `steps` prints every step of its traces, too.
void print_lesson(std::ostream& out, const Lesson& lesson, const Lecture& lecture, bool steps);
/// The same as Markdown.
std::string lesson_markdown(const Lesson& lesson, const Lecture& lecture);
/// {"name", "title", "source", "section", "slips", "holds", "inputs", "parts": [...]}; a part is
/// {"kind", ...}, traces as docs/trace.md describes.
std::string lesson_json(const Lesson& lesson, const Lecture& lecture);
/// The trace of `trace_of` with `lesson`, from which it can be computed again with other inputs.
std::string lesson_trace_json(const Lesson& lesson, const Lecture& lecture);

}  // namespace tapewise::lessons

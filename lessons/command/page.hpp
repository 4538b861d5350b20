#pragma once
#include <string>
#include <string_view>

namespace tapewise::lessons {

/// The page of a trace whose inputs can be edited: it holds the engine, compiled to WebAssembly,
/// which computes the trace again. `json` says from what: its member `expression` or `lesson`
/// (docs/trace.md).
std::string editable_page(std::string_view json);

}  // namespace tapewise::lessons

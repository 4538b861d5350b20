#pragma once
#include <string>

namespace tapewise::lessons {

/// The page of a trace: one self-contained file. `json` is the object that docs/trace.md describes.
/// Throws Error while the page is not part of this build.
std::string write_html(const std::string& json);

}  // namespace tapewise::lessons

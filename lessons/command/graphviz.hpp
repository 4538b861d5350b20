#pragma once
#include <string>

namespace tapewise::lessons {

/// Draws a graph in graphviz's language as an SVG file. Throws IoError when `dot` is missing or
/// fails.
void write_svg(const std::string& path, const std::string& dot);

}  // namespace tapewise::lessons

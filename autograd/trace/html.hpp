#pragma once
#include <string>
#include <string_view>
#include <tapewise/autograd/trace/trace.hpp>

namespace tapewise {

/// The page of a trace: one self-contained HTML file with the graph G and its subgraph B, the time
/// line, the gradient table that fills entry by entry, and the numeric check. `json` is the object
/// that docs/trace.md describes. With `engine`, the packed program of lessons/page/dist/engine.txt,
/// inputs can be edited in the page, if the object says what the trace was made from.
std::string html_page(std::string_view json, std::string_view engine = {});

/// Writes the page of a trace, or of an output and its gradient table. Large graphs are folded by
/// the prefix of their labels and opened on demand.
/// Throws IoError when the file cannot be written, and what `backward` throws.
void write_html(const Trace& trace, const std::string& path);
void write_html(const Var& output, const std::string& path);

}  // namespace tapewise

#pragma once
#include <iosfwd>
#include <set>
#include <string>
#include <tapewise/autograd/trace/trace.hpp>

namespace tapewise {

/// A value for a terminal: all elements, or type, extremes and a small picture.
std::string to_text(const TraceValue& value);
/// One step in a few lines: what is computed, from what, with the numbers put in.
std::string to_text(const Trace& trace, const TraceStep& step);

/// Names of groups whose nodes are not shown one by one.
using TraceFold = std::set<std::string, std::less<>>;
/// Every group of a trace with more than `threshold` nodes of G, else none.
TraceFold fold_large(const Trace& trace, std::size_t threshold = 40);

/// A line of the time line as it is shown: a step, or a run of steps of one folded group.
struct TraceLine {
  std::size_t first = 0, count = 1;  ///< steps
  std::string group;                 ///< of a folded run; else empty
};
std::vector<TraceLine> lines_of(const Trace& trace, const TraceFold& fold);
std::string to_text(const Trace& trace, const TraceLine& line);

/// The nodes of G with their parents, and the rows of the gradient table with exact numbers and the
/// numeric check.
void print_graph(std::ostream& out, const Trace& trace, const TraceFold& fold = {});
void print_table(std::ostream& out, const Trace& trace, const TraceFold& fold = {});
/// Every step, then the table.
void print_all(std::ostream& out, const Trace& trace, const TraceFold& fold = {});

/// A LaTeX document, Markdown with formulas in $...$, and a picture in graphviz's language: G, the
/// entries of B beside it, local derivatives on the edges.
std::string to_latex(const Trace& trace);
std::string to_markdown(const Trace& trace);
std::string to_dot(const Trace& trace, const TraceFold& fold = {});

}  // namespace tapewise

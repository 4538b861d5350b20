#pragma once
// Private to einsum: its expressions, "ij,jk->ik".
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace tapewise::einsum_names {

/// The name of an axis: a letter, or -k for the axis that is k-th from the end of the "...".
using Name = int;
using Names = std::vector<Name>;

inline bool contains(const Names& names, Name name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

inline constexpr Name ellipsis = 0;

/// One operand's names as they are written, "..." as `ellipsis`.
struct Term {
  Names names;
  bool has_ellipsis = false;
};

struct Expression {
  std::vector<Term> operands;
  Term result;
  bool has_result = false;
};

inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

template <class Refuse>
Term parse_term(std::string_view text, Refuse&& refused) {
  Term term;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_letter(text[i])) {
      term.names.push_back(text[i]);
    } else if (text.substr(i, 3) == "...") {
      if (term.has_ellipsis) refused("\"...\" stands twice in \"" + std::string(text) + "\"");
      term.has_ellipsis = true;
      term.names.push_back(ellipsis);
      i += 2;
    } else {
      refused(std::string("'") + text[i] + "' is neither a letter nor \"...\"");
    }
  }
  return term;
}

template <class Refuse>
Expression parse(std::string_view expression, Refuse&& refused) {
  std::string text;
  std::copy_if(expression.begin(), expression.end(), std::back_inserter(text),
               [](char c) { return c != ' '; });
  Expression parsed;
  std::string_view rest = text;
  if (const std::size_t arrow = rest.find("->"); arrow != std::string_view::npos) {
    parsed.has_result = true;
    parsed.result = parse_term(rest.substr(arrow + 2), refused);
    rest = rest.substr(0, arrow);
  }
  for (bool more = true; more;) {
    const std::size_t comma = rest.find(',');
    parsed.operands.push_back(parse_term(rest.substr(0, comma), refused));
    more = comma != std::string_view::npos;
    if (more) rest = rest.substr(comma + 1);
  }
  return parsed;
}

/// The names with "..." written out for an operand of this rank.
inline Names written_out(const Term& term, std::size_t dots) {
  Names names;
  for (const Name name : term.names) {
    if (name != ellipsis) names.push_back(name);
    for (std::size_t k = dots; name == ellipsis && k > 0; --k)
      names.push_back(-static_cast<Name>(k));
  }
  return names;
}

}  // namespace tapewise::einsum_names

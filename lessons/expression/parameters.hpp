#pragma once
#include <functional>
#include <map>
#include <string>
#include <tapewise/lessons/expression/arguments.hpp>
#include <tapewise/tapewise.hpp>
#include <tuple>
#include <vector>

// How an argument of an expression becomes one of a C++ function: for each kind of parameter a
// struct that reads it, and says how it is written. `adapted` makes a callable of both.

namespace tapewise::lessons {

/// A function that expressions can call.
struct Function {
  std::function<Var(Arguments&)> call;
  std::string parameters;  ///< "x, axis=all, keepdims=false"
};

namespace parameters {

/// "name", or "name=otherwise" for one that can be left out.
std::string written(std::string_view names, std::string_view otherwise);

/// A node.
struct Value {
  std::string_view names;
  Operand read(Arguments& in) const { return in.operand(names); }
  std::string text() const { return written(names, ""); }
};

/// A node of whole numbers: labels, places. Numbers that are written are floats, and are cast.
struct Whole {
  std::string_view names;
  Operand read(Arguments& in) const;
  std::string text() const { return written(names, ""); }
};

/// A node of conditions; 0 and 1 do, too.
struct Condition {
  std::string_view names;
  Operand read(Arguments& in) const;
  std::string text() const { return written(names, ""); }
};

/// A node that can be left out.
struct Optional {
  std::string_view names;
  Var read(Arguments& in) const;
  std::string text() const { return written(names, "none"); }
};

/// All that is given without a name.
struct Several {
  std::string_view names;
  std::vector<Operand> read(Arguments& in) const;
  std::string text() const { return std::string(names); }
};

struct Real {
  std::string_view names;
  std::optional<double> otherwise = {};
  double read(Arguments& in) const { return in.number(names, otherwise); }
  std::string text() const { return written(names, otherwise ? to_text(*otherwise) : ""); }
};

struct Integer {
  std::string_view names;
  std::optional<std::int64_t> otherwise = {};
  std::int64_t read(Arguments& in) const { return in.integer(names, otherwise); }
  std::string text() const { return written(names, otherwise ? std::to_string(*otherwise) : ""); }
};

/// A whole number that is not negative.
struct Seed {
  std::string_view names = "seed";
  std::uint64_t read(Arguments& in) const;
  std::string text() const { return written(names, ""); }
};

/// true or false, 1 or 0.
struct Flag {
  std::string_view names;
  bool otherwise = false;
  bool read(Arguments& in) const;
  std::string text() const { return written(names, otherwise ? "true" : "false"); }
};

/// One or several axes.
struct AxesOf {
  std::optional<std::int64_t> otherwise = {};  ///< all, when it is none
  Axes read(Arguments& in) const;
  std::string text() const {
    return written("axis", otherwise ? std::to_string(*otherwise) : "all");
  }
};

/// Whole numbers.
struct Integers {
  std::string_view names;
  std::vector<std::int64_t> read(Arguments& in) const;
  std::string text() const { return written(names, ""); }
};

/// One row of whole numbers for each axis: [[0, 2], [1, 3]].
struct Rows {
  std::string_view names;
  std::size_t least, most;  ///< numbers in a row
  std::vector<std::vector<std::int64_t>> read(Arguments& in) const;
  std::string text() const { return written(names, ""); }
};

/// One number for rows and columns, or [rows, columns].
struct PairOf {
  std::string_view names;
  std::optional<std::int64_t> otherwise = {};
  Pair read(Arguments& in) const;
  std::string text() const { return written(names, otherwise ? std::to_string(*otherwise) : ""); }
};

/// One of several words.
template <class E>
struct Choice {
  std::string_view names;
  std::vector<std::pair<std::string_view, E>> words;  ///< the first is taken when it is left out

  E read(Arguments& in) const {
    const Argument* a = in.next(names);
    if (a == nullptr) return words[0].second;
    std::string known;
    for (const auto& [word, value] : words) {
      if (a->word == word) return value;
      known += (known.empty() ? "" : ", ") + std::string(word);
    }
    throw in.error("expected one of " + known + " for " + first_spelling(names));
  }
  std::string text() const { return written(names, words[0].first); }
};

/// reduction=mean, factor=1
struct Loss {
  LossOptions read(Arguments& in) const;
  std::string text() const { return "reduction=mean, factor=1"; }
};

}  // namespace parameters

/// `f`, called with what the parameters read, in their order.
template <class F, class... Parameters>
Function adapted(F f, Parameters... all) {
  std::string text;
  ((text += (text.empty() ? "" : ", ") + all.text()), ...);
  return {[f, all...](Arguments& in) -> Var {
            // Braces: from the first to the last.
            const std::tuple<decltype(all.read(in))...> values{all.read(in)...};
            in.require_all_used();
            return std::apply(f, values);
          },
          text};
}

}  // namespace tapewise::lessons

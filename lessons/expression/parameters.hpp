#pragma once
#include <array>
#include <memory>
#include <string>
#include <tapewise/lessons/expression/arguments.hpp>
#include <tapewise/tapewise.hpp>
#include <tuple>
#include <vector>

// How an argument of an expression becomes one of a C++ function: for each kind of parameter a
// struct that reads it, and writes it down. `adapted` makes a callable of both.
//
// There are a hundred of them, and they are part of every page: what can be is compiled once.

namespace tapewise::lessons {

/// A function that expressions can call.
class Function {
 public:
  virtual ~Function() = default;
  virtual Var call(Arguments& in) const = 0;
  /// "x, axis=all, keepdims=false"
  virtual std::string parameters() const = 0;
};

namespace parameters {

/// Appends "name", or "name=otherwise" for one that can be left out, to a list.
void append(std::string& list, std::string_view names, std::string_view otherwise = {});

/// A node.
struct Value {
  std::string_view names;
  Operand read(Arguments& in) const;
  void write(std::string& list) const;
};

/// `x` as int64, written numbers being floats. Throws CallError for given ones with a fraction.
Operand as_whole(const Operand& x, std::string_view name);

/// A node of whole numbers: labels, places. Numbers that are written are floats, and are cast.
struct Whole {
  std::string_view names;
  Operand read(Arguments& in) const;
  void write(std::string& list) const;
};

/// A node of conditions; 0 and 1 do, too.
struct Condition {
  std::string_view names;
  Operand read(Arguments& in) const;
  void write(std::string& list) const;
};

/// A node that can be left out.
struct Optional {
  std::string_view names;
  Var read(Arguments& in) const;
  void write(std::string& list) const;
};

/// All that is given without a name.
struct Several {
  std::string_view names;
  std::vector<Operand> read(Arguments& in) const;
  void write(std::string& list) const;
};

struct Real {
  std::string_view names;
  std::optional<double> otherwise = {};
  double read(Arguments& in) const;
  void write(std::string& list) const;
};

struct Integer {
  std::string_view names;
  std::optional<std::int64_t> otherwise = {};
  std::int64_t read(Arguments& in) const;
  void write(std::string& list) const;
};

/// A whole number that is not negative.
struct Seed {
  std::string_view names = "seed";
  std::uint64_t read(Arguments& in) const;
  void write(std::string& list) const;
};

/// true or false, 1 or 0.
struct Flag {
  std::string_view names;
  bool otherwise = false;
  bool read(Arguments& in) const;
  void write(std::string& list) const;
};

/// One or several axes.
struct AxesOf {
  std::optional<std::int64_t> otherwise = {};  ///< all, when it is none
  Axes read(Arguments& in) const;
  void write(std::string& list) const;
};

/// Whole numbers.
struct Integers {
  std::string_view names;
  std::vector<std::int64_t> read(Arguments& in) const;
  void write(std::string& list) const;
};

/// One row of whole numbers for each axis: [[0, 2], [1, 3]].
struct Rows {
  std::string_view names;
  std::size_t least, most;  ///< numbers in a row
  std::vector<std::vector<std::int64_t>> read(Arguments& in) const;
  void write(std::string& list) const;
};

/// One number for rows and columns, or [rows, columns].
struct PairOf {
  std::string_view names;
  std::optional<std::int64_t> otherwise = {};
  Pair read(Arguments& in) const;
  void write(std::string& list) const;
};

/// The place of the next argument, a word, among `words`; 0 when it is left out.
std::size_t read_word(Arguments& in, std::string_view names,
                      std::span<const std::string_view> words);

/// One of several words.
template <class E>
struct Choice {
  struct Word {
    std::string_view word{};
    E means{};
  };
  std::string_view names;
  std::array<Word, 4> words;  ///< the first is taken when it is left out; empty ones are none

  E read(Arguments& in) const {
    std::array<std::string_view, 4> all;
    for (std::size_t k = 0; k < 4; ++k) all[k] = words[k].word;
    return words[read_word(in, names, all)].means;
  }
  void write(std::string& list) const { append(list, names, words[0].word); }
};

/// reduction=mean, factor=1
struct Loss {
  LossOptions read(Arguments& in) const;
  void write(std::string& list) const;
};

}  // namespace parameters

template <class F, class... Parameters>
class Adapted final : public Function {
 public:
  Adapted(F f, Parameters... all) : f_(f), all_(all...) {}

  Var call(Arguments& in) const override {
    return std::apply(
        [&](const Parameters&... all) -> Var {
          // Braces: from the first to the last.
          const std::tuple<decltype(all.read(in))...> values{all.read(in)...};
          in.require_all_used();
          return std::apply(f_, values);
        },
        all_);
  }
  std::string parameters() const override {
    std::string list;
    std::apply([&](const Parameters&... all) { (all.write(list), ...); }, all_);
    return list;
  }

 private:
  F f_;
  std::tuple<Parameters...> all_;
};

/// `f`, called with what the parameters read, in their order.
template <class F, class... Parameters>
std::unique_ptr<const Function> adapted(F f, Parameters... all) {
  return std::unique_ptr<const Function>(new Adapted<F, Parameters...>(f, all...));
}

}  // namespace tapewise::lessons

#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tapewise/autograd/op.hpp>
#include <tapewise/autograd/tape.hpp>
#include <vector>

// The arguments of a call in an expression.

namespace tapewise::lessons {

/// An argument: a node, or what was written.
struct Argument {
  std::string keyword;  ///< "axis" of `axis=0`
  std::optional<Var> var;
  std::optional<double> number;
  std::vector<double> list;  ///< elements of an array that was written here, row after row
  std::size_t rows = 0;      ///< of such an array with two axes; 0: it has one
  std::string word;          ///< a name that is no node: `reduction=sum`
  std::size_t offset = 0;    ///< byte of the source
};

/// Something wrong with a call, or with one of its arguments; the reader adds where.
class CallError : public Error {
 public:
  using Error::Error;
  CallError(const std::string& what, const Argument& argument)
      : Error(what), offset_(argument.offset) {}
  /// Where the argument stands; none when the whole call is meant.
  std::optional<std::size_t> offset() const { return offset_; }

 private:
  std::optional<std::size_t> offset_;
};

/// The arguments of one call. A function takes them one after the other: each is the next that was
/// given without a keyword, or the one that was given under its name. A name can have several
/// spellings, "axis|axes"; the first is the one that errors tell.
class Arguments {
 public:
  Arguments(Tape& tape, std::string function, const std::vector<Argument>& given, SourceLine where)
      : tape_(tape), function_(std::move(function)), given_(given), where_(where) {}

  SourceLine where() const { return where_; }
  /// How many were given without a keyword.
  std::size_t unnamed() const;
  CallError error(const std::string& what) const { return CallError(function_ + ": " + what); }
  CallError error(const std::string& what, const Argument& argument) const {
    return {function_ + ": " + what, argument};
  }

  /// The next argument; null when it was left out.
  const Argument* next(std::string_view names);
  /// The same; throws CallError when it was left out.
  const Argument& required(std::string_view names);
  /// As a node: a number becomes a constant.
  Operand operand(std::string_view names);
  /// All that were given without a keyword, from the next on.
  std::vector<Operand> operands();
  double number(std::string_view names, std::optional<double> otherwise);
  std::int64_t integer(std::string_view names, std::optional<std::int64_t> otherwise);
  /// A number or a list of them; none when left out.
  std::optional<std::vector<std::int64_t>> integers(std::string_view names);
  /// Throws CallError for arguments that nobody has asked for.
  void require_all_used() const;

 private:
  Operand as_operand(const Argument& a, std::string_view names) const;

  Tape& tape_;
  std::string function_;
  const std::vector<Argument>& given_;
  SourceLine where_;
  std::size_t place_ = 0;
  std::set<const Argument*> used_;
};

/// Whether `x` is a whole number that a double holds exactly.
bool is_whole(double x);
/// What is said of a name that stands for nothing.
std::string no_value(const std::string& name);
/// "axis" of "axis|axes".
std::string first_spelling(std::string_view names);

}  // namespace tapewise::lessons

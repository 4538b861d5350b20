#pragma once
#include <string>
#include <string_view>
#include <tapewise/autograd/error.hpp>
#include <vector>

// What an expression says, before it is recorded: a tree.

namespace tapewise::lessons {

/// An expression that cannot be read or recorded. The message shows the line, a mark below the
/// place, the column, and what was expected.
class ExpressionError : public Error {
 public:
  /// `offset`: the byte of `source` that is meant.
  ExpressionError(std::string_view source, std::size_t offset, const std::string& what);
  /// From 1, in characters of its line.
  std::size_t column() const { return column_; }

 private:
  ExpressionError(std::string_view source, std::size_t offset, const std::string& what,
                  std::size_t column);
  std::size_t column_;
};

/// A part of an expression and where it stands.
struct Syntax {
  enum class Kind { number, name, array, call, prefix, infix };
  Kind kind = Kind::number;
  std::size_t offset = 0;  ///< byte of the source
  std::string text;        ///< name, function or operator
  double number = 0;
  std::vector<Syntax> parts;  ///< elements, arguments, operands
  std::string keyword;        ///< of an argument given as `axis=0`
};

/// `name = value`, or a value alone.
struct Statement {
  std::string name;  ///< empty for a value alone
  std::size_t offset = 0;
  Syntax value;
};

/// Reads statements, separated by `;` or line ends. `#` begins a comment. Throws ExpressionError.
std::vector<Statement> parse(std::string_view source);

}  // namespace tapewise::lessons

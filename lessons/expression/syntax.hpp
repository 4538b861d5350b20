#pragma once
#include <string>
#include <string_view>
#include <tapewise/autograd/error.hpp>
#include <vector>

// What an expression says, before it is recorded: a tree.

namespace tapewise::lessons {

/// An expression that cannot be read or recorded. The message shows the line, or what is near the
/// place in a long one, a mark below, the column, and what was expected.
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
  /// A chain is a first operand, then infix parts: operators with their right operand, applied from
  /// left to right. So a long sum is no deep tree.
  enum class Kind { number, name, array, call, prefix, infix, chain };
  Kind kind = Kind::number;
  std::size_t offset = 0;  ///< byte of the source
  std::string text;        ///< name, function or operator: + - * / @ ^ and comparisons
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

/// Reads statements, separated by `;` or line ends. `#` begins a comment. Throws ExpressionError,
/// also for text that is no UTF-8 and for brackets and signs that are nested more than 200 deep.
std::vector<Statement> parse(std::string_view source);

/// Whether `text` can name a node.
bool is_name(std::string_view text);
/// The number of characters of a text in UTF-8.
std::size_t characters(std::string_view text);

}  // namespace tapewise::lessons

#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <tapewise/ops/scheme.hpp>
#include <vector>

namespace tapewise {

/// The recording of an op that is written in other ops. While it lives, every node gets the line of
/// the call; unless `keep` is reached, the tape is left as it was. An op begins
///
///     Composing op("huber", {prediction, target});
///     const Var a = op[0], b = op[1];
class Composing {
 public:
  /// Throws TypeError unless one operand is a Var, HandleError for one of another tape.
  Composing(std::string_view name, std::initializer_list<OperandRef> operands);

  Tape& tape() const { return tape_; }
  /// Operand k as a Var: numbers and arrays become constants, numbers in the dtype of the first
  /// Var of floats.
  const Var& operator[](std::size_t k) const { return operands_[k]; }
  /// What the op returns; its nodes stay.
  const Var& keep(const Var& y) {
    transaction_.keep();
    return y;
  }

  /// "[huber] what\n  recorded at file:line".
  ShapeError shape_error(const std::string& what) const { return ShapeError(message(what)); }
  TypeError type_error(const std::string& what) const { return TypeError(message(what)); }
  DomainError domain_error(const std::string& what) const { return DomainError(message(what)); }

  /// Throws TypeError unless operand k is of a float dtype.
  void require_float(std::size_t k) const;
  /// Throws TypeError unless operands j and k are floats of one dtype.
  void require_same_float(std::size_t j, std::size_t k) const;
  /// Throws TypeError or ShapeError unless operands j and k are floats of one type.
  void require_same(std::size_t j, std::size_t k) const;

 private:
  std::string message(const std::string& what) const;

  std::string_view name_;
  SourceLine where_;
  Tape& tape_;
  Tape::Transaction transaction_;
  Tape::LineScope line_;
  std::vector<Var> operands_;
};

}  // namespace tapewise

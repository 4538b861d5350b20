#pragma once
#include <optional>
#include <string>
#include <tapewise/autograd/trace/trace.hpp>
#include <tapewise/lessons/expression/descent.hpp>
#include <tapewise/lessons/expression/expression.hpp>
#include <vector>

namespace tapewise::lessons {

/// What is asked of an expression.
struct SessionOptions {
  std::string expression;
  std::vector<Binding> inputs;
  double rate = 0;                 ///< learning rate; 0: no descent
  int steps = 1;                   ///< of gradient descent, with a rate
  std::vector<std::string> learn;  ///< inputs that descent changes, see `learned_inputs`
  bool check = true;               ///< the numeric check beside each entry
  /// Entries are "pending" at first and checked by `check_next`. Not with a rate: descent moves the
  /// inputs.
  bool check_later = false;
};

/// An expression that was recorded, differentiated and traced: what `tapewise step` prints, and
/// what its page computes again when an input is edited.
class Session {
 public:
  /// Throws ExpressionError, and Error for a value that has no gradient. An array as the value is
  /// summed.
  explicit Session(SessionOptions options);

  const Trace& trace() const { return trace_; }
  const std::optional<Descent>& descent() const { return descent_; }
  /// What the reader should know, such as that an array was summed; mostly empty.
  const std::string& note() const { return note_; }
  /// The trace as docs/trace.md describes, with `expression` and `descent`.
  std::string json(const TraceJson& how = {}) const;

  /// Checks the next entry that is pending; returns its index, or the number of entries when none
  /// is left.
  std::size_t check_next();

 private:
  void record();

  SessionOptions options_;
  Tape tape_;
  std::string note_;
  GradientTable table_;
  Trace trace_;
  std::size_t checked_ = 0;  // entries before this one are not pending
  std::optional<Descent> descent_;
};

}  // namespace tapewise::lessons

#pragma once
#include <stdexcept>
#include <string>
#include <string_view>
#include <tapewise/autograd/source_line.hpp>

namespace tapewise {

/// Base of every exception of this library. The message names the op in brackets, what was given,
/// what is wanted, and the line that recorded the node.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Shapes that do not fit each other or the operation.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// A dtype that the operation does not take, or two that do not meet without a `cast`.
class TypeError : public Error {
 public:
  using Error::Error;
};

/// A value outside of what the operation is defined for: an index out of range, say.
class DomainError : public Error {
 public:
  using Error::Error;
};

/// A replay in which an `if` of the recording would have gone the other way.
class GuardError : public Error {
 public:
  using Error::Error;
};

/// A value that must be finite and is not.
class NonFiniteError : public Error {
 public:
  using Error::Error;
};

/// Memory that a computation needs and may not have.
class MemoryError : public Error {
 public:
  using Error::Error;
};

/// A handle used after `rewind`, or with a tape, table or program that it does not belong to.
class HandleError : public Error {
 public:
  using Error::Error;
};

/// A derivative that was asked for and is not defined: an op without a vjp, a cotangent missing.
class GradientError : public Error {
 public:
  using Error::Error;
};

/// A file that cannot be read, or does not hold what it should.
class IoError : public Error {
 public:
  using Error::Error;
};

/// How the error of an op begins: "[gather] ", or "[nll] gather: " where another op, written in
/// this one, was called.
std::string named(std::string_view op, std::string_view composer);
/// The same for a text that begins with "[gather] ".
std::string named_by(const std::string& what, std::string_view op, std::string_view composer);

/// "train.cpp:41", without the folders; "an unknown line" when there is none.
std::string to_string(const SourceLine& where);

}  // namespace tapewise

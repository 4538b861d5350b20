#pragma once
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <tapewise/autograd/gradcheck.hpp>
#include <vector>

namespace tapewise {

/// What the check says of one op in one dtype.
struct OpCheck {
  std::string_view op;
  std::string_view family;
  DType dtype = DType::float64;
  bool differentiable = false;  ///< else there is nothing to check but that it runs
  std::size_t examples = 0;
  std::size_t checked = 0;  ///< entries of the gradients of all orders
  std::size_t wrong = 0;
  std::size_t undecidable = 0;
  std::string method;   ///< "complex step", "central differences", or both
  std::string problem;  ///< the first report that is not right, or an error that was thrown

  /// Nothing is wrong, and where there is a derivative, something was compared.
  explicit operator bool() const { return problem.empty(); }
};

/// Checks one op at its own examples with their float64 inputs in `dtype`: first and second
/// derivatives, and the jvp against the vjp. Inputs are uniform random numbers in the ranges of the
/// examples, the same on every machine. An op without derivative is run only.
OpCheck check_op(const OpRecord& op, DType dtype);
/// Every op in every float dtype that it takes, one after the other; ops without float inputs once.
std::vector<OpCheck> check_all(std::span<const OpRecord* const> ops = all_ops());

/// One line: "tanh  activation  float32  right  142 entries, complex step"; of a problem its first.
std::ostream& operator<<(std::ostream& out, const OpCheck& check);
/// An array of objects, one for each.
std::string to_json(std::span<const OpCheck> checks);

}  // namespace tapewise

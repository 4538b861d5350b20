#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tapewise/tapewise.hpp>
#include <vector>

#include "examples.hpp"

// What tests of ops on matrices share.

namespace tests {

inline tapewise::Var random_matrices(tapewise::Tape& tape, const tapewise::Shape& shape,
                                     std::uint64_t seed,
                                     tapewise::DType dtype = tapewise::DType::float64) {
  return tape.input(random_array({tapewise::DType::float64, shape, -1, 1}, dtype, seed));
}

inline std::vector<double> numbers(const tapewise::Var& v) {
  std::vector<double> all;
  const void* data = v.data();
  for (std::int64_t i = 0; i < v.type().size(); ++i) {
    all.push_back(tapewise::number_at(v.dtype(), data, i));
  }
  return all;
}

/// The largest difference; infinity for other sizes or a NaN.
inline double distance(const tapewise::Var& a, const std::vector<double>& b) {
  const std::vector<double> x = numbers(a);
  double worst = x.size() == b.size() ? 0.0 : HUGE_VAL;
  for (std::size_t i = 0; i < std::min(x.size(), b.size()); ++i) {
    const double difference = std::abs(x[i] - b[i]);
    worst = difference <= worst ? worst : std::isnan(difference) ? HUGE_VAL : difference;
  }
  return worst;
}
inline double distance(const tapewise::Var& a, const tapewise::Var& b) {
  return a.shape() == b.shape() ? distance(a, numbers(b)) : HUGE_VAL;
}

/// How many nodes of the tape are of this op.
inline std::int64_t count_of(const tapewise::Tape& tape, std::string_view op) {
  std::int64_t count = 0;
  for (tapewise::NodeId id = 0; id < tape.size(); ++id) count += tape.op(id).name == op;
  return count;
}

/// n x n with 1 on the diagonal.
inline xt::xarray<double> eye(std::size_t n) {
  xt::xarray<double> a = xt::zeros<double>({n, n});
  for (std::size_t i = 0; i < n; ++i) a(i, i) = 1.0;
  return a;
}

}  // namespace tests

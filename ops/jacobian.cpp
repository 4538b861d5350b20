#include <tapewise/ops/jacobian.hpp>

#include <tapewise/autograd/backward.hpp>
#include <tapewise/ops/batching.hpp>
#include <tapewise/ops/conversion.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

namespace {

/// All unit cotangents of a value: n of its shape, the i-th being 1 at i.
Var unit_cotangents(Tape& tape, const Type& type) {
  const std::int64_t n = type.size();
  Shape shape = {n};
  for (const std::int64_t size : type.shape) shape.push_back(size);
  Array units({DType::float64, shape});
  std::memset(units.data(), 0, units.type().bytes());
  for (std::int64_t i = 0; i < n; ++i) units.as<double>()[i * n + i] = 1.0;
  const Var constant = tape.constant(units);
  return type.dtype == DType::float64 ? constant : cast(constant, type.dtype);
}

}  // namespace

Var jacobian(const Var& y, const Var& x) {
  Tape& tape = y.tape();
  const Array zeros({y.dtype(), y.shape()});
  std::memset(zeros.data(), 0, zeros.type().bytes());
  const Var cotangent = tape.input(zeros);  // stands for each of the unit cotangents
  const Var wanted[] = {x};
  const Var row = backward(y, wanted, Cotangent(cotangent))[x];
  Shape shape = y.shape();
  for (const std::int64_t size : x.shape()) shape.push_back(size);
  return reshape(stacked(row, cotangent, unit_cotangents(tape, y.type())), shape);
}

Var hessian(const Var& y, const Var& x) {
  const Var wanted[] = {x};
  return jacobian(backward(y, wanted)[x], x);
}

}  // namespace tapewise

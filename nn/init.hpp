#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <tapewise/autograd/cell.hpp>
#include <tapewise/nn/random.hpp>

namespace tapewise::nn {

/// How many numbers a unit of the layer is computed from, and how many units read one input.
struct Fans {
  std::int64_t in = 1, out = 1;
};

/// Chooses the first values of a parameter: fills `elements`, row-major, of an array of `shape`.
using Initializer = std::function<void(std::span<double> elements, const Shape& shape,
                                       const Fans& fans, Random& random)>;

/// A cell of the given type with the initializer's values, rounded to its dtype.
/// Throws TypeError unless the dtype is a float.
CellPtr make_parameter(const Type& type, const Fans& fans, const Initializer& initializer,
                       Random& random);

/// A cell full of zeros, of any type: an input to be filled, the state of an optimizer.
CellPtr make_zeros(const Type& type);

/// The initializers: independent numbers around 0, of a variance that suits the layer.
namespace init {

Initializer constant(double value);
Initializer zeros();
/// U[low, high), and N(mean, deviation²).
Initializer uniform(double low, double high);
Initializer normal(double mean, double deviation);

/// Variance gain²·2/(in + out): keeps the variance of both signals and gradients, for units that
/// are about linear at 0 (tanh, sigmoid).
/// Source: Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural
/// networks", eq. 16 (uniform) and eq. 12 (the variance).
Initializer glorot_uniform(double gain = 1.0);
Initializer glorot_normal(double gain = 1.0);

/// Variance 2/((1 + slope²)·in): keeps the variance of signals through (leaky) ReLUs.
/// Source: He, Zhang, Ren & Sun 2015, "Delving deep into rectifiers", eq. 10 and 15.
Initializer he_uniform(double slope = 0.0);
Initializer he_normal(double slope = 0.0);

/// U[-1/√in, 1/√in): variance 1/(3·in). What `Linear` takes by default, for weight and bias, as
/// PyTorch does. Source: LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", 4.6, without the
/// √3.
Initializer fan_in_uniform();

}  // namespace init

}  // namespace tapewise::nn

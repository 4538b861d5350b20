#include <tapewise/nn/init.hpp>

#include <cmath>
#include <tapewise/autograd/error.hpp>
#include <vector>

namespace tapewise::nn {

CellPtr make_parameter(const Type& type, const Fans& fans, const Initializer& initializer,
                       Random& random) {
  if (!is_float(type.dtype)) {
    throw TypeError("[parameter] a parameter is a float array, not " + to_string(type));
  }
  const Array array(type);
  std::vector<double> elements(static_cast<std::size_t>(type.size()));
  initializer(elements, type.shape, fans, random);
  with_type(type.dtype, [&](auto t) {
    using T = decltype(t);
    if constexpr (std::is_floating_point_v<T>) {
      for (std::size_t i = 0; i < elements.size(); ++i) {
        array.template as<T>()[i] = static_cast<T>(elements[i]);
      }
    }
  });
  return std::make_shared<Cell>(array);
}

CellPtr make_zeros(const Type& type) {
  const Array zeros(type);
  std::memset(zeros.data(), 0, type.bytes());
  return std::make_shared<Cell>(zeros);
}

namespace init {

namespace {

/// Elements drawn from a distribution around 0 with the variance that `variance(fans)` gives.
template <class Variance>
Initializer uniform_of_variance(Variance variance) {
  return [=](std::span<double> elements, const Shape&, const Fans& fans, Random& random) {
    const double limit = std::sqrt(3.0 * variance(fans));  // U[-a, a) has variance a²/3
    for (double& x : elements) x = random.uniform(-limit, limit);
  };
}

template <class Variance>
Initializer normal_of_variance(Variance variance) {
  return [=](std::span<double> elements, const Shape&, const Fans& fans, Random& random) {
    const double deviation = std::sqrt(variance(fans));
    for (double& x : elements) x = deviation * random.normal();
  };
}

auto glorot_variance(double gain) {
  return [gain](const Fans& fans) {
    return gain * gain * 2.0 / static_cast<double>(std::max<std::int64_t>(fans.in + fans.out, 1));
  };
}

auto he_variance(double slope) {
  return [slope](const Fans& fans) {
    return 2.0 / ((1.0 + slope * slope) * static_cast<double>(std::max<std::int64_t>(fans.in, 1)));
  };
}

}  // namespace

Initializer constant(double value) {
  return [value](std::span<double> elements, const Shape&, const Fans&, Random&) {
    for (double& x : elements) x = value;
  };
}

Initializer zeros() { return constant(0.0); }

Initializer uniform(double low, double high) {
  return [=](std::span<double> elements, const Shape&, const Fans&, Random& random) {
    for (double& x : elements) x = random.uniform(low, high);
  };
}

Initializer normal(double mean, double deviation) {
  return [=](std::span<double> elements, const Shape&, const Fans&, Random& random) {
    for (double& x : elements) x = mean + deviation * random.normal();
  };
}

Initializer glorot_uniform(double gain) { return uniform_of_variance(glorot_variance(gain)); }
Initializer glorot_normal(double gain) { return normal_of_variance(glorot_variance(gain)); }
Initializer he_uniform(double slope) { return uniform_of_variance(he_variance(slope)); }
Initializer he_normal(double slope) { return normal_of_variance(he_variance(slope)); }

Initializer fan_in_uniform() {
  return uniform_of_variance([](const Fans& fans) {
    return 1.0 / (3.0 * static_cast<double>(std::max<std::int64_t>(fans.in, 1)));
  });
}

}  // namespace init

}  // namespace tapewise::nn

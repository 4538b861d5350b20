#pragma once
#include <cmath>
#include <cstdint>
#include <tapewise/tapewise.hpp>
#include <vector>

// Inputs for the examples that ops give of themselves.

namespace tests {

/// A number in [0, 1), the same for the same arguments on every machine (splitmix64).
inline double uniform(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed * 0x9E3779B97F4A7C15U + (index + 1) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1.0p-53;
}

inline tapewise::Array random_array(const tapewise::ExampleInput& input, tapewise::DType dtype,
                                    std::uint64_t seed) {
  tapewise::Array array({dtype, input.shape});
  for (std::int64_t i = 0; i < input.shape.size(); ++i) {
    const double x =
        input.low + (input.high - input.low) * uniform(seed, static_cast<std::uint64_t>(i));
    switch (dtype) {
      case tapewise::DType::float32: array.as<float>()[i] = static_cast<float>(x); break;
      case tapewise::DType::float64: array.as<double>()[i] = x; break;
      case tapewise::DType::int64:
        array.as<std::int64_t>()[i] = static_cast<std::int64_t>(std::floor(x));
        break;
      default: array.as<bool>()[i] = x > 0.5 * (input.low + input.high);
    }
  }
  return array;
}

/// The inputs of an example as leaves; its float64 inputs in `dtype`.
inline std::vector<tapewise::Var> example_inputs(tapewise::Tape& tape,
                                                 const tapewise::Example& example,
                                                 tapewise::DType dtype, std::uint64_t seed) {
  std::vector<tapewise::Var> x;
  for (std::size_t k = 0; k < example.inputs.size(); ++k) {
    const tapewise::ExampleInput& input = example.inputs[k];
    const auto d = input.dtype == tapewise::DType::float64 ? dtype : input.dtype;
    x.push_back(tape.input(random_array(input, d, seed + k)));
  }
  return x;
}

inline std::vector<tapewise::Var> float_inputs(const std::vector<tapewise::Var>& x) {
  std::vector<tapewise::Var> floats;
  for (const tapewise::Var& v : x) {
    if (tapewise::is_float(v.dtype())) floats.push_back(v);
  }
  return floats;
}

}  // namespace tests

#pragma once
#include <tapewise/tapewise.hpp>

namespace tests {

/// An input of 0, 1, 2, ... in this shape.
inline tapewise::Var counted(tapewise::Tape& tape, const tapewise::Shape& shape,
                             tapewise::DType dtype = tapewise::DType::float64) {
  tapewise::Array array({dtype, shape});
  tapewise::with_type(dtype, [&](auto t) {
    for (std::int64_t i = 0; i < shape.size(); ++i) {
      array.as<decltype(t)>()[i] = static_cast<decltype(t)>(static_cast<double>(i));
    }
  });
  return tape.input(array);
}

}  // namespace tests

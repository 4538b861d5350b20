#pragma once
#include <cstdint>
#include <string_view>
#include <tapewise/autograd/dtype.hpp>

namespace tapewise::kernels {

/// The byte-code of a library rule for a number type; ScalarCode::call when it has none.
std::uint32_t scalar_opcode(std::string_view rule, DType number);

}  // namespace tapewise::kernels

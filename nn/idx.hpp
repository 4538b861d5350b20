#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tapewise/autograd/array.hpp>
#include <vector>

namespace tapewise::nn {

/// The element types of the IDX format, with their codes in the file.
enum class IdxType : std::uint8_t {
  uint8 = 0x08,
  int8 = 0x09,
  int16 = 0x0B,
  int32 = 0x0C,
  float32 = 0x0D,
  float64 = 0x0E
};
std::string_view name_of(IdxType type);
std::size_t size_of(IdxType type);

/// An array as an IDX file holds it: the format of MNIST and Fashion-MNIST.
/// Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", file format.
struct Idx {
  IdxType type = IdxType::uint8;
  Shape shape;
  std::vector<std::byte> bytes;  ///< row-major, big-endian

  /// The elements times `scale`, as float32 of the same shape.
  Array as_float32(double scale = 1.0) const;
  /// The elements as int64, for class labels. Throws TypeError when the file holds floats.
  Array as_int64() const;
};

/// Reads an IDX file, plain or gzip. Nothing is believed of the file's header before the data has
/// come: a damaged file cannot make this allocate more than a few times what the file holds.
/// Throws IoError for a file that is missing, not IDX, cut off in header or data, longer than its
/// header says, of a size that no array can have, or with a wrong gzip checksum.
Idx read_idx(const std::string& path);

}  // namespace tapewise::nn

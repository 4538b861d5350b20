#include <tapewise/nn/idx.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <tapewise/autograd/error.hpp>
#include <tapewise/nn/byte_reader.hpp>

namespace tapewise::nn {

namespace {

constexpr IdxType known_types[] = {IdxType::uint8, IdxType::int8,    IdxType::int16,
                                   IdxType::int32, IdxType::float32, IdxType::float64};

std::string hex(std::byte b) {
  char text[8];
  std::snprintf(text, sizeof text, "%02X", std::to_integer<unsigned>(b));
  return text;
}

/// Throws IoError unless all of `to` could be read; `from` is where in the file it begins.
void read_header(ByteReader& file, std::span<std::byte> to, std::size_t from, std::size_t wanted) {
  const std::size_t got = file.read(to);
  if (got < to.size()) {
    file.fail("the header is cut off: " + std::to_string(from + got) + " of " +
              std::to_string(wanted) + " bytes");
  }
}

template <class Bits>
Bits big_endian(const std::byte* bytes) {
  Bits bits = 0;
  for (std::size_t i = 0; i < sizeof(Bits); ++i) {
    bits = static_cast<Bits>(static_cast<std::uint64_t>(bits) << 8U |
                             std::to_integer<std::uint64_t>(bytes[i]));
  }
  return bits;
}

/// How many bytes an array takes; IoError when no array can be that large (2^47 bytes or more).
std::size_t data_bytes(const ByteReader& file, IdxType type, std::span<const std::int64_t> sizes) {
  constexpr std::uint64_t limit = std::uint64_t{1} << 47U;
  std::uint64_t bytes = size_of(type);
  bool empty = false;
  for (const std::int64_t size : sizes) {
    empty = empty || size == 0;
    const auto factor = static_cast<std::uint64_t>(std::max<std::int64_t>(size, 1));
    if (factor >= limit / bytes) {
      file.fail("the header asks for an array that is larger than memory can be");
    }
    bytes *= factor;
  }
  return empty ? 0 : static_cast<std::size_t>(bytes);
}

/// Grows with what the file really holds, not with what its header says.
std::vector<std::byte> read_data(ByteReader& file, std::size_t wanted, const std::string& what) {
  constexpr std::size_t first_piece = 1U << 20U;
  std::vector<std::byte> data;
  std::size_t got = 0;
  while (got < wanted) {
    data.resize(std::min(wanted, std::max(first_piece, 2 * got)));
    const std::size_t n = file.read(std::span(data).subspan(got));
    if (n < data.size() - got) {
      file.fail("the data is cut off: " + std::to_string(got + n) + " of " +
                std::to_string(wanted) + " bytes for " + what);
    }
    got += n;
  }
  std::array<std::byte, 1> more;
  if (file.read(more) > 0) {  // also makes zlib compare the checksum
    file.fail("something follows after the " + std::to_string(wanted) + " bytes of " + what);
  }
  return data;
}

/// Calls `f(i, element i as a double)` for every element.
template <class Stored, class Bits, class F>
void each_element(const std::vector<std::byte>& bytes, F f) {
  for (std::size_t i = 0; i < bytes.size() / sizeof(Stored); ++i) {
    f(i, std::bit_cast<Stored>(big_endian<Bits>(bytes.data() + i * sizeof(Stored))));
  }
}

template <class F>
void each_number(const Idx& idx, F f) {
  switch (idx.type) {
    case IdxType::uint8: return each_element<std::uint8_t, std::uint8_t>(idx.bytes, f);
    case IdxType::int8: return each_element<std::int8_t, std::uint8_t>(idx.bytes, f);
    case IdxType::int16: return each_element<std::int16_t, std::uint16_t>(idx.bytes, f);
    case IdxType::int32: return each_element<std::int32_t, std::uint32_t>(idx.bytes, f);
    case IdxType::float32: return each_element<float, std::uint32_t>(idx.bytes, f);
    case IdxType::float64: return each_element<double, std::uint64_t>(idx.bytes, f);
  }
}

}  // namespace

std::string_view name_of(IdxType type) {
  switch (type) {
    case IdxType::uint8: return "uint8";
    case IdxType::int8: return "int8";
    case IdxType::int16: return "int16";
    case IdxType::int32: return "int32";
    case IdxType::float32: return "float32";
    case IdxType::float64: return "float64";
  }
  return "unknown";
}

std::size_t size_of(IdxType type) {
  switch (type) {
    case IdxType::uint8:
    case IdxType::int8: return 1;
    case IdxType::int16: return 2;
    case IdxType::int32:
    case IdxType::float32: return 4;
    case IdxType::float64: return 8;
  }
  return 0;
}

Idx read_idx(const std::string& path) {
  ByteReader file(path, "read_idx");

  // Two zero bytes, the type's code, the number of axes; then the sizes, 32 bits each.
  std::array<std::byte, 4> magic;
  read_header(file, magic, 0, magic.size());
  if (magic[0] != std::byte{0} || magic[1] != std::byte{0}) {
    file.fail("not an IDX file: it begins with " + hex(magic[0]) + " " + hex(magic[1]) +
              ", an IDX file with 00 00");
  }
  const auto type = static_cast<IdxType>(magic[2]);
  if (std::find(std::begin(known_types), std::end(known_types), type) == std::end(known_types)) {
    file.fail("unknown type code " + hex(magic[2]) + ": 08, 09, 0B, 0C, 0D or 0E is wanted");
  }
  const auto rank = std::to_integer<std::size_t>(magic[3]);
  if (rank > Shape::max_rank) {
    file.fail("an array of " + std::to_string(rank) + " axes, at most " +
              std::to_string(Shape::max_rank) + " are possible");
  }
  std::array<std::byte, 4 * Shape::max_rank> size_bytes;
  read_header(file, std::span(size_bytes).first(4 * rank), magic.size(), magic.size() + 4 * rank);

  Idx idx{type, {}, {}};
  for (std::size_t axis = 0; axis < rank; ++axis) {
    idx.shape.push_back(big_endian<std::uint32_t>(size_bytes.data() + 4 * axis));
  }
  const std::size_t wanted = data_bytes(file, type, std::span(idx.shape.begin(), rank));
  idx.bytes = read_data(file, wanted, std::string(name_of(type)) + " " + to_string(idx.shape));
  return idx;
}

Array Idx::as_float32(double scale) const {
  Array array({DType::float32, shape});
  float* out = array.as<float>();
  each_number(*this, [&](std::size_t i, auto x) {
    out[i] = static_cast<float>(static_cast<double>(x) * scale);
  });
  return array;
}

Array Idx::as_int64() const {
  if (type == IdxType::float32 || type == IdxType::float64) {
    throw TypeError("[as_int64] the IDX file holds " + std::string(name_of(type)) +
                    ", labels are whole numbers: use as_float32()");
  }
  Array array({DType::int64, shape});
  auto* out = array.as<std::int64_t>();
  each_number(*this, [&](std::size_t i, auto x) {
    out[i] = static_cast<std::int64_t>(static_cast<double>(x));  // 32 bits at most: exact
  });
  return array;
}

}  // namespace tapewise::nn

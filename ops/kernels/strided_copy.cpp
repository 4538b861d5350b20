#include <tapewise/ops/kernels/strided_copy.hpp>

#include <algorithm>
#include <cstring>

namespace tapewise::kernels {

namespace {

/// An element whose bits are moved and never looked at.
template <std::size_t bytes>
struct UnitOf;
template <>
struct UnitOf<1> {
  using type = std::uint8_t;
};
template <>
struct UnitOf<4> {
  using type = std::uint32_t;
};
template <>
struct UnitOf<8> {
  using type = std::uint64_t;
};
template <>
struct UnitOf<16> {
  struct type {
    std::uint64_t half[2];
  };
};

/// Transposes a square of `square<Unit>` units a side, a whole cache line of each row.
template <class Unit>
constexpr std::int64_t square = 4;

using Vec4 [[gnu::vector_size(16)]] = std::uint32_t;
using Vec2 [[gnu::vector_size(16)]] = std::uint64_t;

template <class Vec, class Unit>
Vec load(const Unit* from) {
  Vec v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
template <class Vec, class Unit>
void store(Unit* to, Vec v) {
  std::memcpy(to, &v, sizeof v);
}

template <class Unit>
void transpose_square(const Unit* from, std::int64_t from_row, Unit* to, std::int64_t to_row) {
  for (std::int64_t r = 0; r < square<Unit>; ++r) {
    for (std::int64_t c = 0; c < square<Unit>; ++c) to[c * to_row + r] = from[r * from_row + c];
  }
}
void transpose_square(const std::uint32_t* from, std::int64_t from_row, std::uint32_t* to,
                      std::int64_t to_row) {
  const Vec4 a = load<Vec4>(from), b = load<Vec4>(from + from_row),
             c = load<Vec4>(from + 2 * from_row), d = load<Vec4>(from + 3 * from_row);
  const Vec4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5),
             ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7),
             cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5),
             cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store(to, __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5));
  store(to + to_row, __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7));
  store(to + 2 * to_row, __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5));
  store(to + 3 * to_row, __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7));
}
void transpose_square(const std::uint64_t* from, std::int64_t from_row, std::uint64_t* to,
                      std::int64_t to_row) {
  for (std::int64_t r = 0; r < 4; r += 2) {
    for (std::int64_t c = 0; c < 4; c += 2) {
      const Vec2 a = load<Vec2>(from + r * from_row + c),
                 b = load<Vec2>(from + (r + 1) * from_row + c);
      store(to + c * to_row + r, __builtin_shufflevector(a, b, 0, 2));
      store(to + (c + 1) * to_row + r, __builtin_shufflevector(a, b, 1, 3));
    }
  }
}

/// `rows` contiguous rows of `columns` units become columns. In blocks, so that the lines that are
/// written a few units at a time stay in the first cache until they are full.
template <class Unit>
void transpose_plane(const Unit* from, std::int64_t from_row, Unit* to, std::int64_t to_row,
                     std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t block = 32, side = square<Unit>;
  for (std::int64_t r0 = 0; r0 < rows; r0 += block) {
    const std::int64_t r1 = std::min(rows, r0 + block), r_squares = r0 + (r1 - r0) / side * side;
    std::int64_t c = 0;
    for (; c + side <= columns; c += side) {
      for (std::int64_t r = r0; r < r_squares; r += side) {
        transpose_square(from + r * from_row + c, from_row, to + c * to_row + r, to_row);
      }
      for (std::int64_t r = r_squares; r < r1; ++r) {
        for (std::int64_t k = c; k < c + side; ++k) to[k * to_row + r] = from[r * from_row + k];
      }
    }
    for (; c < columns; ++c) {
      for (std::int64_t r = r0; r < r1; ++r) to[c * to_row + r] = from[r * from_row + c];
    }
  }
}

template <class Unit>
void copy_run(const Unit* from, std::int64_t from_step, Unit* to, std::int64_t to_step,
              std::int64_t n) {
  if (from_step == 1 && to_step == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(Unit));
  } else if (from_step == 0 && to_step == 1) {
    std::fill_n(to, n, *from);
  } else {
    for (std::int64_t i = 0; i < n; ++i) to[i * to_step] = from[i * from_step];
  }
}

/// The axis along which the operand is contiguous, when a plane of it and the innermost axis is
/// worth transposing in blocks; else the innermost axis.
std::uint32_t contiguous_axis(const StridedCopy& p) {
  const std::uint32_t last = p.rank - 1;
  if (p.to[last] != 1 || p.from[last] <= 1) return last;
  for (std::uint32_t axis = 0; axis < last; ++axis) {
    if (p.from[axis] == 1 && p.sizes[axis] >= 4) return axis;
  }
  return last;
}

}  // namespace

StridedCopy plan_copy(const Shape& sizes, const Strides& from, const Strides& to,
                      std::int64_t from_begin, std::int64_t to_begin, std::int64_t zeros) {
  StridedCopy p{};
  p.from_begin = from_begin;
  p.to_begin = to_begin;
  p.zeros = zeros;
  for (std::size_t axis = 0; axis < sizes.rank(); ++axis) {
    const std::int64_t size = sizes[axis];
    if (size == 1) continue;
    if (p.rank > 0 && p.from[p.rank - 1] == from[axis] * size &&
        p.to[p.rank - 1] == to[axis] * size) {
      p.sizes[p.rank - 1] *= size;
    } else {
      p.sizes[p.rank++] = size;
    }
    p.from[p.rank - 1] = from[axis];
    p.to[p.rank - 1] = to[axis];
  }
  if (p.rank == 0) p = {{1}, {1}, {1}, from_begin, to_begin, zeros, 1};
  if (sizes.size() == 0) p.sizes[0] = 0;
  return p;
}

template <std::size_t bytes>
void strided_copy(const KernelCall& call) {
  using Unit = typename UnitOf<bytes>::type;
  const auto& p = call.params<StridedCopy>();
  auto* to = call.out<Unit>();
  if (p.zeros > 0) std::memset(to, 0, static_cast<std::size_t>(p.zeros) * sizeof(Unit));
  if (p.sizes[0] == 0) return;
  const auto* from = call.in<Unit>(0) + p.from_begin;
  to += p.to_begin;

  const std::uint32_t last = p.rank - 1, plane = contiguous_axis(p);
  std::array<std::int64_t, Shape::max_rank> index{};
  while (true) {
    if (plane == last) {
      copy_run(from, p.from[last], to, p.to[last], p.sizes[last]);
    } else {
      transpose_plane(from, p.from[last], to, p.to[plane], p.sizes[last], p.sizes[plane]);
    }
    // The next index of the outer axes, like an odometer.
    std::uint32_t axis = last;
    while (true) {
      if (axis-- == 0) return;
      if (axis == plane) continue;
      from += p.from[axis];
      to += p.to[axis];
      if (++index[axis] < p.sizes[axis]) break;
      from -= p.from[axis] * p.sizes[axis];
      to -= p.to[axis] * p.sizes[axis];
      index[axis] = 0;
    }
  }
}

template void strided_copy<1>(const KernelCall&);
template void strided_copy<4>(const KernelCall&);
template void strided_copy<8>(const KernelCall&);
template void strided_copy<16>(const KernelCall&);

}  // namespace tapewise::kernels

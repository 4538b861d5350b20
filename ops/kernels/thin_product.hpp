#pragma once
// Products with a short side, at each SIMD level. A BLAS copies its operands into a layout of its
// own first; where each number is used a few times only, that takes longer than the product.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tapewise/ops/kernels/blas.hpp>
#include <tapewise/ops/kernels/simd.hpp>

namespace tapewise::kernels {

namespace {

/// Where op(A), B and C lie; op(A)(i, q) is a[i * a_row + q * a_col], the others are row-major.
template <class T>
struct ThinOperands {
  const T* a;
  std::int64_t a_row, a_col;
  const T* b;
  T* c;
  std::int64_t b_row, c_row;
};

/// `rows` rows of C and two batches of its columns in registers, over `depth` terms. Of the columns
/// only the first `last` belong to the matrix.
template <int rows, bool whole, class T>
[[gnu::always_inline]] inline void thin_tile(const ThinOperands<T>& x, std::int64_t depth, bool add,
                                             std::size_t last) {
  using Batch = decltype(BatchLanes::load(x.b));
  constexpr std::size_t width = BatchLanes::width<T>;
  const auto load = [last](const T* from, std::size_t half) -> Batch {
    if constexpr (whole) return BatchLanes::load(from + half * width);
    if (last >= (half + 1) * width) return BatchLanes::load(from + half * width);
    return last > half * width ? BatchLanes::load_first(from + half * width, last - half * width)
                               : BatchLanes::repeat(T(0));
  };
  Batch sum[rows][2];
  for (int r = 0; r < rows; ++r) {
    for (std::size_t half = 0; half < 2; ++half) {
      sum[r][half] = add ? load(x.c + r * x.c_row, half) : BatchLanes::repeat(T(0));
    }
  }
  using std::fma;
  for (std::int64_t q = 0; q < depth; ++q) {
    const Batch b[2] = {load(x.b + q * x.b_row, 0), load(x.b + q * x.b_row, 1)};
    for (int r = 0; r < rows; ++r) {
      const Batch a = BatchLanes::repeat(x.a[r * x.a_row + q * x.a_col]);
      for (std::size_t half = 0; half < 2; ++half) sum[r][half] = fma(a, b[half], sum[r][half]);
    }
  }
  for (int r = 0; r < rows; ++r) {
    for (std::size_t half = 0; half < 2; ++half) {
      T* to = x.c + r * x.c_row + half * width;
      if (whole || last >= (half + 1) * width)
        BatchLanes::store(to, sum[r][half]);
      else if (last > half * width)
        BatchLanes::store_first(to, sum[r][half], last - half * width);
    }
  }
}

/// Memory that will be read soon is fetched a little with each tile.
struct Fetch {
  const char* from = nullptr;
  std::int64_t bytes = 0, at_once = 0;

  void some() {
    const std::int64_t end = std::min(bytes, at_once);
    for (std::int64_t i = 0; i < end; i += 64) __builtin_prefetch(from + i, 0, 2);
    from += end;
    bytes -= end;
  }
};

template <int rows, class T>
void thin_rows(ThinOperands<T> x, std::int64_t n, std::int64_t depth, bool add, Fetch& fetch) {
  constexpr auto both = static_cast<std::int64_t>(2 * BatchLanes::width<T>);
  std::int64_t j = 0;
  for (; j + both <= n; j += both) {
    fetch.some();
    thin_tile<rows, true>(x, depth, add, both);
    x.b += both;
    x.c += both;
  }
  if (j < n) thin_tile<rows, false>(x, depth, add, static_cast<std::size_t>(n - j));
}

/// C = op(A)·B, or C + op(A)·B; B is not read transposed.
template <class T>
void thin_product(const Product& p, const Leading& ld, const T* a, const T* b, T* c, bool add) {
  constexpr std::int64_t depth = 64;     // so many rows of B stay in the cache for all rows of C
  constexpr std::int64_t most_rows = 6;  // of C in registers, of which there may be 16
  constexpr auto both = static_cast<std::int64_t>(2 * BatchLanes::width<T>);
  const std::int64_t a_row = p.trans_a != 0 ? 1 : ld.a, a_col = p.trans_a != 0 ? ld.a : 1;
  const std::int64_t blocks = (p.m + most_rows - 1) / most_rows;
  for (std::int64_t q = 0; q < p.k; q += depth) {
    const std::int64_t terms = std::min(depth, p.k - q);
    ThinOperands<T> x{a + q * a_col, a_row, a_col, b + q * ld.b, c, ld.b, ld.c};
    const std::int64_t next = std::min(depth, p.k - q - terms) * ld.b;
    Fetch fetch{reinterpret_cast<const char*>(x.b + terms * ld.b),
                next * static_cast<std::int64_t>(sizeof(T)), 0};
    fetch.at_once = (fetch.bytes / std::max<std::int64_t>(1, blocks * (p.n / both)) / 64 + 1) * 64;
    for (std::int64_t block = 0, i = 0; block < blocks; ++block) {
      const std::int64_t rows = p.m * (block + 1) / blocks - i;
      switch (rows) {
        case 1: thin_rows<1>(x, p.n, terms, add || q > 0, fetch); break;
        case 2: thin_rows<2>(x, p.n, terms, add || q > 0, fetch); break;
        case 3: thin_rows<3>(x, p.n, terms, add || q > 0, fetch); break;
        case 4: thin_rows<4>(x, p.n, terms, add || q > 0, fetch); break;
        case 5: thin_rows<5>(x, p.n, terms, add || q > 0, fetch); break;
        default: thin_rows<6>(x, p.n, terms, add || q > 0, fetch);
      }
      i += rows;
      x.a += rows * x.a_row;
      x.c += rows * ld.c;
    }
  }
}

}  // namespace

}  // namespace tapewise::kernels

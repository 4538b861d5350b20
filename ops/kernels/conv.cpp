#include <tapewise/ops/kernels/conv.hpp>

#include <algorithm>
#include <tapewise/autograd/threads.hpp>
#include <tapewise/ops/kernels/blas.hpp>

namespace tapewise::kernels {

namespace {

/// A tile has at most so many elements (128 KB of floats) and so many taps; a column is a patch.
constexpr std::int64_t tile_elements = 32 << 10, tile_taps = 256;
/// Multiplications from which on the images are shared out over threads.
constexpr std::int64_t large_work = 128 << 10;

/// Taps [tap, tap + taps) of patches [place, place + places) of one image and group.
struct Tile {
  std::int64_t tap, taps, place, places;
};

struct Sizes {
  explicit Sizes(const Convolution& c)
      : taps(c.channels * c.rows.kernel * c.columns.kernel),
        places(c.rows.out * c.columns.out),
        x(c.channels * c.rows.in * c.columns.in),
        y(c.filters * places),
        w(c.filters * taps),
        work(c.images * c.groups * c.filters * taps * places) {}
  std::int64_t taps, places;
  std::int64_t x, y, w;  ///< elements of one image and group
  std::int64_t work;

  std::int64_t most_taps() const { return std::min(taps, tile_taps); }
  std::int64_t most_places() const {
    return std::min(places, tile_elements / std::max<std::int64_t>(most_taps(), 1));
  }
  Tile tile(std::int64_t tap, std::int64_t place) const {
    return {tap, std::min(most_taps(), taps - tap), place, std::min(most_places(), places - place)};
  }
};

/// ⌈a/b⌉ for b > 0.
std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

/// Calls `run(tile_at, x_at, inside, before, count)` for each run of places of a tile that lie in
/// one row: `before` of its `count` places are padding, then come `inside` ones from x_at on, a
/// stride apart, then padding again.
template <class Run>
void for_each_run(const Convolution& c, const Tile& t, Run&& run) {
  const std::int64_t per_channel = c.rows.kernel * c.columns.kernel;
  for (std::int64_t k = 0; k < t.taps; ++k) {
    const std::int64_t tap = t.tap + k, channel = tap / per_channel;
    const std::int64_t i = tap % per_channel / c.columns.kernel, j = tap % c.columns.kernel;
    const WindowAxis& axis = c.columns;
    const std::int64_t first = ceil_div(-axis.at(0, j), axis.stride);
    const std::int64_t last = ceil_div(axis.in - axis.at(0, j), axis.stride);
    std::int64_t at = k * t.places;
    for (std::int64_t p = t.place; p < t.place + t.places;) {
      const std::int64_t row = p / axis.out, from = p % axis.out;
      const std::int64_t count = std::min(axis.out - from, t.place + t.places - p);
      const std::int64_t y = c.rows.at(row, i);
      std::int64_t begin = std::clamp(first, from, from + count);
      std::int64_t end = std::clamp(last, begin, from + count);
      if (y < 0 || y >= c.rows.in) begin = end = from;
      run(at, (channel * c.rows.in + y) * axis.in + axis.at(begin, j), end - begin, begin - from,
          count);
      at += count;
      p += count;
    }
  }
}

template <class T>
void read_patches(const Convolution& c, const Tile& t, const T* x, T* patches) {
  const std::int64_t stride = c.columns.stride;
  for_each_run(c, t,
               [&](std::int64_t at, std::int64_t from, std::int64_t inside, std::int64_t before,
                   std::int64_t count) {
                 T* to = std::fill_n(patches + at, before, T(0));
                 for (std::int64_t i = 0; i < inside; ++i) to[i] = x[from + i * stride];
                 std::fill_n(to + inside, count - before - inside, T(0));
               });
}

template <class T>
void add_patches(const Convolution& c, const Tile& t, const T* patches, T* x) {
  const std::int64_t stride = c.columns.stride;
  for_each_run(c, t,
               [&](std::int64_t at, std::int64_t to, std::int64_t inside, std::int64_t before,
                   std::int64_t) {
                 const T* from = patches + at + before;
                 for (std::int64_t i = 0; i < inside; ++i) x[to + i * stride] += from[i];
               });
}

/// Calls `work(first, last)` on ranges of [0, n), which different threads can take.
template <class Work>
void share_out(std::int64_t n, std::int64_t multiplications, Work&& work) {
  const std::int64_t most = std::min(n, multiplications / large_work);
  const int parts = static_cast<int>(
      std::clamp<std::int64_t>(most, 1, std::min(num_threads(), threads::max_parts)));
  if (parts == 1) return work(std::int64_t{0}, n);
  threads::for_parts(parts, [&](int part) {
    work(threads::part_begin(n, 1, part, parts), threads::part_begin(n, 1, part + 1, parts));
  });
}

}  // namespace

template <class T>
void convolve(const Convolution& c, const T* x, const T* w, T* y) {
  const Sizes s(c);
  share_out(c.images * c.groups, s.work, [&](std::int64_t first, std::int64_t last) {
    alignas(64) T patches[tile_elements];
    for (std::int64_t image = first; image < last; ++image) {
      const T* from = x + image * s.x;
      const T* weights = w + image % c.groups * s.w;
      T* out = y + image * s.y;
      if (s.taps == 0) std::fill_n(out, s.y, T(0));
      for (std::int64_t place = 0; place < s.places; place += s.most_places()) {
        for (std::int64_t tap = 0; tap < s.taps; tap += s.most_taps()) {
          const Tile t = s.tile(tap, place);
          read_patches(c, t, from, patches);
          multiply_tile({c.filters, t.places, t.taps, 0, 0}, {s.taps, t.places, s.places}, tap > 0,
                        weights + tap, patches, out + place);
        }
      }
    }
  });
}

template <class T>
void convolve_transposed(const Convolution& c, const T* y, const T* w, T* x) {
  const Sizes s(c);
  share_out(c.images * c.groups, s.work, [&](std::int64_t first, std::int64_t last) {
    alignas(64) T patches[tile_elements];
    for (std::int64_t image = first; image < last; ++image) {
      const T* from = y + image * s.y;
      const T* weights = w + image % c.groups * s.w;
      T* out = x + image * s.x;
      std::fill_n(out, s.x, T(0));
      if (c.filters == 0) continue;
      for (std::int64_t place = 0; place < s.places; place += s.most_places()) {
        for (std::int64_t tap = 0; tap < s.taps; tap += s.most_taps()) {
          const Tile t = s.tile(tap, place);
          multiply_tile({t.taps, t.places, c.filters, 1, 0}, {s.taps, s.places, t.places}, false,
                        weights + tap, from + place, patches);
          add_patches(c, t, patches, out);
        }
      }
    }
  });
}

template <class T>
void convolve_weight(const Convolution& c, const T* x, const T* y, T* w) {
  const Sizes s(c);
  std::fill_n(w, c.groups * s.w, T(0));
  // Threads take different taps, so that each sum runs over the images in their order.
  const std::int64_t steps = s.taps == 0 ? 0 : (s.taps + s.most_taps() - 1) / s.most_taps();
  share_out(c.groups * steps, s.work, [&](std::int64_t first, std::int64_t last) {
    alignas(64) T patches[tile_elements];
    for (std::int64_t step = first; step < last; ++step) {
      const std::int64_t group = step / steps, tap = step % steps * s.most_taps();
      for (std::int64_t image = 0; image < c.images; ++image) {
        const std::int64_t at = image * c.groups + group;
        for (std::int64_t place = 0; place < s.places; place += s.most_places()) {
          const Tile t = s.tile(tap, place);
          read_patches(c, t, x + at * s.x, patches);
          multiply_tile({c.filters, t.taps, t.places, 0, 1}, {s.places, t.places, s.taps}, true,
                        y + at * s.y + place, patches, w + group * s.w + tap);
        }
      }
    }
  });
}

#define TAPEWISE_CONVOLUTIONS(T)                                                    \
  template void convolve<T>(const Convolution&, const T*, const T*, T*);            \
  template void convolve_transposed<T>(const Convolution&, const T*, const T*, T*); \
  template void convolve_weight<T>(const Convolution&, const T*, const T*, T*);
TAPEWISE_CONVOLUTIONS(float)
TAPEWISE_CONVOLUTIONS(double)
TAPEWISE_CONVOLUTIONS(Complex)
#undef TAPEWISE_CONVOLUTIONS

}  // namespace tapewise::kernels

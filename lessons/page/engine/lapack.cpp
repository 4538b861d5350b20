// A page has no LAPACK: every factorization says so, and the op makes an error of it.
#include <tapewise/ops/kernels/lapack.hpp>

namespace tapewise::kernels {

namespace {

constexpr Fault unavailable{Fault::Kind::unavailable, 0, 0};

}  // namespace

template <class T>
Fault invert(std::int64_t, std::int64_t, const T*, T*) {
  return unavailable;
}
template <class T>
Fault determinant(std::int64_t, std::int64_t, const T*, T*) {
  return unavailable;
}
template <class T>
Fault log_determinant(std::int64_t, std::int64_t, const T*, T*, T*, std::int64_t) {
  return unavailable;
}
template <class T>
Fault cofactors(std::int64_t, std::int64_t, const T*, T*) {
  return unavailable;
}
template <class T>
Fault solve(const PairedBatches&, bool, std::int64_t, std::int64_t, const T*, const T*, T*) {
  return unavailable;
}
template <class T>
Fault solve_triangular(const PairedBatches&, const Triangle&, std::int64_t, std::int64_t, const T*,
                       const T*, T*) {
  return unavailable;
}
template <class T>
Fault cholesky(std::int64_t, std::int64_t, const T*, T*) {
  return unavailable;
}
template <class T>
Fault eigh(std::int64_t, std::int64_t, const T*, T*) {
  return unavailable;
}
template <class T>
Fault svd(std::int64_t, std::int64_t, std::int64_t, const T*, T*) {
  return unavailable;
}
template <class T>
Fault qr(std::int64_t, std::int64_t, std::int64_t, const T*, T*) {
  return unavailable;
}
template <class T>
Fault pseudo_inverse(std::int64_t, std::int64_t, std::int64_t, double, const T*, T*) {
  return unavailable;
}
template <class T>
Fault least_squares(const PairedBatches&, std::int64_t, std::int64_t, std::int64_t, double,
                    const T*, const T*, T*) {
  return unavailable;
}

#define TAPEWISE_REAL(T)                                                                         \
  template Fault eigh(std::int64_t, std::int64_t, const T*, T*);                                 \
  template Fault svd(std::int64_t, std::int64_t, std::int64_t, const T*, T*);                    \
  template Fault qr(std::int64_t, std::int64_t, std::int64_t, const T*, T*);                     \
  template Fault pseudo_inverse(std::int64_t, std::int64_t, std::int64_t, double, const T*, T*); \
  template Fault least_squares(const PairedBatches&, std::int64_t, std::int64_t, std::int64_t,   \
                               double, const T*, const T*, T*);
#define TAPEWISE_ANALYTIC(T)                                                                       \
  template Fault invert(std::int64_t, std::int64_t, const T*, T*);                                 \
  template Fault determinant(std::int64_t, std::int64_t, const T*, T*);                            \
  template Fault log_determinant(std::int64_t, std::int64_t, const T*, T*, T*, std::int64_t);      \
  template Fault cofactors(std::int64_t, std::int64_t, const T*, T*);                              \
  template Fault solve(const PairedBatches&, bool, std::int64_t, std::int64_t, const T*, const T*, \
                       T*);                                                                        \
  template Fault solve_triangular(const PairedBatches&, const Triangle&, std::int64_t,             \
                                  std::int64_t, const T*, const T*, T*);                           \
  template Fault cholesky(std::int64_t, std::int64_t, const T*, T*);
TAPEWISE_REAL(float)
TAPEWISE_REAL(double)
TAPEWISE_ANALYTIC(float)
TAPEWISE_ANALYTIC(double)
TAPEWISE_ANALYTIC(Complex)
#undef TAPEWISE_REAL
#undef TAPEWISE_ANALYTIC

}  // namespace tapewise::kernels

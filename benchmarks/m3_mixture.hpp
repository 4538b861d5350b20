#pragma once
#include <cstdint>
#include <vector>

namespace bench::m3 {

inline constexpr int wishart_m = 0;
inline constexpr double wishart_gamma = 1.0;

struct Data {
  std::int64_t n, d, K;
  std::vector<double> x, alpha, mu, q, l;
};
Data make_data(std::int64_t n, std::int64_t d, std::int64_t K);
/// What depends on the sizes only.
double constant_part(const Data& data);
/// Where each element of the lower triangular matrices is found among (exp q, l, 0).
std::vector<std::int64_t> triangle_index(const Data& data);

/// Value and gradient by hand, in blocks of points that stay in the cache.
class Hand {
 public:
  explicit Hand(const Data& data);
  void run();
  /// The value, then the gradients in alpha, mu, q and l.
  std::vector<double> result() const;

 private:
  const Data& p_;
  std::vector<double> Q_, center_, z_, logits_, dQ_, dcenter_, ga_, gmu_, gq_, gl_;
  double value_ = 0;
};

}  // namespace bench::m3

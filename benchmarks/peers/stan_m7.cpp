// Stan: its `hessian_times_vector`, forward mode over reverse mode.
#include <stan/math/mix/mat.hpp>

#include <memory>

#include "../m7_second_order.hpp"

namespace {

using namespace bench::m7;
using Vector = Eigen::VectorXd;

/// Eigen's name for the type of an element.
template <class T>
struct Scalars {
  using value_type = T;
  const Eigen::Matrix<T, Eigen::Dynamic, 1>& x;
  const T& operator[](int i) const { return x[i]; }
};

Vector vector(const std::vector<double>& x) {
  return Eigen::Map<const Vector>(x.data(), static_cast<Eigen::Index>(x.size()));
}

template <class F>
bench::Contender product(const std::vector<double>& at, const std::vector<double>& along, F f) {
  auto hv = std::make_shared<Vector>();
  const auto function = [f](const auto& x) {
    return f(Scalars<typename std::decay_t<decltype(x)>::Scalar>{x});
  };
  const auto run = [=, x = vector(at), v = vector(along)] {
    double value = 0;
    stan::math::hessian_times_vector(function, x, v, value, *hv);
  };
  return {"Stan", run, [hv] { return std::vector<double>(hv->data(), hv->data() + hv->size()); }};
}

const bench::Peer a("M7/hvp_rosenbrock",
                    [](const void*given) {
                      const auto& data = *static_cast<const Chain*>(given);
                      return product(data.x, data.v, [](const auto& x) { return rosenbrock(x); });
                    }),
    b("M7/hvp_logreg", [](const void*given) {
      const auto& data = *static_cast<const Regression*>(given);
      return product(data.x, data.v, [&data](const auto& x) { return regression(data, x); });
    });

}  // namespace

// Matrices of poor rank, where factorizations have poles and jumps: nothing right is called wrong.
#include <doctest/doctest.h>

#include <cmath>
#include <tapewise/autograd/gradcheck_doctest.hpp>

#include "broken_ops.hpp"
#include "examples.hpp"

namespace tw = tapewise;

namespace {

/// Numbers in [0, 1), one after the other.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : seed_(seed) {}
  double next() { return tests::uniform(seed_, at_++); }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() * double(n)); }

 private:
  std::uint64_t seed_, at_ = 0;
};

/// Few whole numbers, most of them 0; equal rows up to rounding; a product of thin matrices; or
/// elements of very different sizes.
xt::xarray<double> poor_matrix(Numbers& random, std::size_t m, std::size_t n) {
  xt::xarray<double> a = xt::xarray<double>::from_shape({m, n});
  for (double& x : a) x = 2.0 * random.next() - 1.0;
  const std::size_t rank = 1 + random.below(std::min(m, n));
  const double off = random.below(2) == 0 ? 0.0 : std::pow(10.0, -17.0 + 16.0 * random.next());
  switch (random.below(4)) {
    case 0:
      for (double& x : a) x = random.below(3) == 0 ? std::round(4.0 * x) : 0.0;
      break;
    case 1:
      for (std::size_t i = rank; i < m; ++i) {
        for (std::size_t j = 0; j < n; ++j) a(i, j) = a(i % rank, j) + off * random.next();
      }
      break;
    case 2: {
      const xt::xarray<double> left = a, right = 0.7 * a + 0.1;
      for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
          a(i, j) = off * random.next();
          for (std::size_t k = 0; k < rank; ++k) a(i, j) += left(i, k % n) * right(k % m, j);
        }
      }
      break;
    }
    default:
      for (double& x : a) x *= std::pow(10.0, 16.0 * random.next() - 8.0);
  }
  return a;
}

using F = tw::Var (*)(const tw::Var&);
const F functions[] = {[](const tw::Var& x) { return tw::qr(x).q; },
                       [](const tw::Var& x) { return tw::qr(x).r; },
                       [](const tw::Var& x) { return tw::svd(x).s; },
                       [](const tw::Var& x) { return square(tw::svd(x).u); },
                       [](const tw::Var& x) { return tw::pinv(x); },
                       [](const tw::Var& x) { return tw::lstsq(x, x * 1.5 + 0.1); },
                       [](const tw::Var& x) { return abs(tw::inverse(x)); },
                       [](const tw::Var& x) { return square(tw::eigh(x).vectors); },
                       [](const tw::Var& x) { return tw::eigh(x).values; },
                       [](const tw::Var& x) { return tw::cholesky(matmul(x, tw::transpose(x))); }};

template <class T>
void check(const F f, const xt::xarray<T>& x, const tw::GradcheckOptions& options,
           std::size_t& checked) {
  try {
    const auto report = tw::gradcheck(f, x, options);
    CAPTURE(report);
    CHECK(report.wrong == 0);
    CHECK(report.blamed.empty());
    CHECK(report.taylor.verdict != tw::Verdict::wrong);
    CHECK(report.as_recorded != tw::Verdict::wrong);
    checked += report.checked;
  } catch (const tw::DomainError&) {  // singular, or eigenvectors of equal eigenvalues
  }
}

}  // namespace

TEST_CASE("factorizations of rank-poor matrices: nothing right is wrong, no rule is blamed") {
  std::size_t checked = 0;
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    Numbers random(seed);
    const std::size_t which = random.below(std::size(functions));
    const std::size_t m = 2 + random.below(3), n = which >= 6 ? m : 2 + random.below(3);
    const xt::xarray<double> x = poor_matrix(random, m, n);
    const tw::GradcheckOptions options{.order = 1 + static_cast<int>(random.below(2)),
                                       .complex_step = random.below(2) == 0,
                                       .mode = random.below(4) == 0 ? tw::GradcheckMode::projections
                                                                    : tw::GradcheckMode::automatic,
                                       .intermediates = random.below(4) == 0};
    CAPTURE(seed);
    if (random.below(2) == 0) {
      check<double>(functions[which], x, options, checked);
    } else {
      check<float>(functions[which], xt::cast<float>(x), options, checked);
    }
  }
  CHECK(checked > 5000);
}

TEST_CASE("a wrong rule is blamed at a matrix of full rank beside one of poor rank") {
  // 3 % of the pseudo-inverse's slope are not taken for a pole or a jump.
  const auto f = [](const tw::Var& x) { return tests::plant(tw::pinv(x), 1.03); };
  for (const double beside : {1e-1, 1e-2, 1e-3}) {
    const xt::xarray<double> x{{1.0, 2.0}, {1.0, 2.0 + beside}, {0.5, 1.0}};
    const auto report = tw::gradcheck(f, x);
    CAPTURE(report);
    CHECK(report.wrong == 6);
    REQUIRE(report.blamed.size() == 1);
    CHECK(report.blamed[0].op == "plant");
  }
}

TEST_CASE("eigenvectors may have other signs in float32: that is no wrong gradient") {
  const xt::xarray<float> x{{-0.14229144F, 0.18790416F, -0.65584493F, 0.13240239F},
                            {-0.90897661F, -0.21406408F, -0.49323505F, 0.14950351F},
                            {0.76427197F, -0.40883395F, 0.82555866F, -0.44280875F},
                            {-0.14229140F, 0.18790418F, -0.65584487F, 0.13240243F}};
  tw::Tape tape;
  const tw::Var v = tape.input(x, "x");
  const auto report =
      tw::gradcheck(square(tw::eigh(v).vectors), std::vector{v}, {.intermediates = true});
  CAPTURE(report);
  CHECK(report.as_recorded != tw::Verdict::wrong);
}

TEST_CASE("the Taylor witness stops where elements drown beside larger ones") {
  const float a = 41492.81640625F;
  const xt::xarray<float> x{{a, 0, 0, 0}, {0, a, 0, -4.0F * a}};
  const auto f = [](const tw::Var& v) { return tw::cbrt(square(tw::svd(v).u) + 0.5); };
  const auto report = tw::gradcheck(f, x, {.order = 2});
  CAPTURE(report);
  CHECK(report.taylor.verdict != tw::Verdict::wrong);
  // cos(acos x²) of small numbers: acos x² is π/2 up to its last digits.
  const xt::xarray<float> small{{-1.88195e-07F, 5.41067e-07F, -5.3327e-07F},
                                {-3.08063e-07F, -8.897e-08F, -3.27348e-07F}};
  const auto flat = tw::gradcheck([](const tw::Var& v) { return cos(acos(square(v))); }, small);
  CAPTURE(flat);
  CHECK(flat.taylor.verdict != tw::Verdict::wrong);
  const auto wrong = [&](const tw::Var& v) { return tests::plant(square(v) + v, 1.03); };
  CHECK(tw::gradcheck(wrong, x).taylor.verdict == tw::Verdict::wrong);
}

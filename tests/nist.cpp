// NIST StRD nonlinear regressions: at the certified parameters the residual sum of squares is the
// certified one and its gradient is zero. https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml
#include <doctest/doctest.h>

#include "nist_data.hpp"
#include "problems.hpp"
#include "relative.hpp"

namespace tw = tapewise;

namespace {

using std::exp, std::pow;

struct Fit {
  std::string name;
  std::vector<double> x, y;
  std::vector<double> certified;
  double sum_of_squares;
  std::function<tw::Var(std::span<const tw::Var>, double)> model;
  std::function<double(std::span<const double>, double)> plain;
};

/// `model(b, x)` is a generic lambda.
template <class F>
Fit fit(std::string name, std::vector<double> x, std::vector<double> y,
        std::vector<double> certified, double sum_of_squares, const F& model) {
  return {std::move(name), std::move(x), std::move(y), std::move(certified),
          sum_of_squares,  model,        model};
}

std::vector<double> from(double first, double step, std::size_t n) {
  std::vector<double> x;
  for (std::size_t i = 0; i < n; ++i) x.push_back(first + step * static_cast<double>(i));
  return x;
}

std::vector<Fit> fits() {
  const std::vector<double> misra_x = {77.6,  114.9, 141.1, 190.8, 239.9, 289.0, 332.8,
                                       378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0};
  const std::vector<double> misra_y = {10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02,
                                       44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78};
  std::vector<Fit> all;
  all.push_back(fit("Misra1a", misra_x, misra_y, {2.3894212918E+02, 5.5015643181E-04},
                    1.2455138894E-01,
                    [](auto b, double x) { return b[0] * (1.0 - exp(-b[1] * x)); }));
  all.push_back(
      fit("Misra1b", misra_x, misra_y, {3.3799746163E+02, 3.9039091287E-04}, 7.5464681533E-02,
          [](auto b, double x) { return b[0] * (1.0 - pow(1.0 + b[1] * x / 2.0, -2.0)); }));
  all.push_back(
      fit("Misra1c", misra_x, misra_y, {6.3642725809E+02, 2.0813627256E-04}, 4.0966836971E-02,
          [](auto b, double x) { return b[0] * (1.0 - pow(1.0 + 2.0 * b[1] * x, -0.5)); }));
  all.push_back(fit("Misra1d", misra_x, misra_y, {4.3736970754E+02, 3.0227324449E-04},
                    5.6419295283E-02,
                    [](auto b, double x) { return b[0] * b[1] * x / (1.0 + b[1] * x); }));
  all.push_back(fit("DanWood", {1.309, 1.471, 1.490, 1.565, 1.611, 1.680},
                    {2.138, 3.421, 3.597, 4.340, 4.882, 5.660},
                    {7.6886226176E-01, 3.8604055871E+00}, 4.3173084083E-03,
                    [](auto b, double x) { return b[0] * exp(std::log(x) * b[1]); }));
  all.push_back(fit("BoxBOD", {1, 2, 3, 5, 7, 10}, {109, 149, 149, 191, 213, 224},
                    {2.1380940889E+02, 5.4723748542E-01}, 1.1680088766E+03,
                    [](auto b, double x) { return b[0] * (1.0 - exp(-b[1] * x)); }));
  const std::vector<double> chwirut = {
      92.9,  .5,   57.1,  1,    31.05, 1.75, 11.5875, 3.75, 8.025,   5.75, 63.6,  .875, 21.4,  2.25,
      14.25, 3.25, 8.475, 5.25, 63.8,  .75,  26.8,    1.75, 16.4625, 2.75, 7.125, 4.75, 67.3,  .625,
      41,    1.25, 21.15, 2.25, 8.175, 4.25, 81.5,    .5,   13.12,   3,    59.9,  .75,  14.62, 3,
      32.9,  1.5,  5.44,  6,    12.56, 3,    5.44,    6,    32,      1.5,  13.95, 3,    75.8,  .5,
      20,    2,    10.42, 4,    59.5,  .75,  21.67,   2,    8.55,    5,    62,    .75,  20.2,  2.25,
      7.76,  3.75, 3.75,  5.75, 11.81, 3,    54.7,    .75,  23.7,    2.5,  11.55, 4,    61.3,  .75,
      17.7,  2.5,  8.74,  4,    59.2,  .75,  16.3,    2.5,  8.62,    4,    81,    .5,   4.87,  6,
      14.62, 3,    81.7,  .5,   17.17, 2.75, 81.3,    .5,   28.9,    1.75};
  std::vector<double> chwirut_x, chwirut_y;
  for (std::size_t i = 0; i < chwirut.size(); i += 2) {
    chwirut_y.push_back(chwirut[i]);
    chwirut_x.push_back(chwirut[i + 1]);
  }
  all.push_back(fit("Chwirut2", chwirut_x, chwirut_y,
                    {1.6657666537E-01, 5.1653291286E-03, 1.2150007096E-02}, 5.1304802941E+02,
                    [](auto b, double x) { return exp(-b[0] * x) / (b[1] + b[2] * x); }));
  all.push_back(
      fit("Lanczos3", from(0.0, 0.05, 24),
          {2.5134, 2.0443, 1.6684, 1.3664, 1.1232, .9269, .7679, .6389, .5338, .4479, .3776, .3197,
           .2720,  .2325,  .1997,  .1723,  .1493,  .1301, .1138, .1000, .0883, .0783, .0698, .0624},
          {8.6816414977E-02, 9.5498101505E-01, 8.4400777463E-01, 2.9515951832E+00, 1.5825685901E+00,
           4.9863565084E+00},
          1.6117193594E-08, [](auto b, double x) {
            return b[0] * exp(-b[1] * x) + b[2] * exp(-b[3] * x) + b[4] * exp(-b[5] * x);
          }));
  all.push_back(fit(
      "MGH09", {4, 2, 1, .5, .25, .167, .125, .1, .0833, .0714, .0625},
      {.1957, .1947, .1735, .1600, .0844, .0627, .0456, .0342, .0323, .0235, .0246},
      {1.9280693458E-01, 1.9128232873E-01, 1.2305650693E-01, 1.3606233068E-01}, 3.0750560385E-04,
      [](auto b, double x) { return b[0] * (x * x + x * b[1]) / (x * x + x * b[2] + b[3]); }));
  all.push_back(fit("MGH10", from(50, 5, 16),
                    {34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147,
                     4427, 3820, 3307, 2872},
                    {5.6096364710E-03, 6.1813463463E+03, 3.4522363462E+02}, 8.7945855171E+01,
                    [](auto b, double x) { return b[0] * exp(b[1] / (x + b[2])); }));
  all.push_back(fit(
      "MGH17", from(0, 10, 33), {.844, .908, .932, .936, .925, .908, .881, .850, .818, .784, .751,
                                 .718, .685, .658, .628, .603, .580, .558, .538, .522, .506, .490,
                                 .478, .467, .457, .448, .438, .431, .424, .420, .414, .411, .406},
      {3.7541005211E-01, 1.9358469127E+00, -1.4646871366E+00, 1.2867534640E-02, 2.2122699662E-02},
      5.4648946975E-05,
      [](auto b, double x) { return b[0] + b[1] * exp(-x * b[3]) + b[2] * exp(-x * b[4]); }));
  all.push_back(fit("Rat42", {9, 14, 21, 28, 42, 57, 63, 70, 79},
                    {8.930, 10.800, 18.590, 22.330, 39.350, 56.110, 61.730, 64.620, 67.080},
                    {7.2462237576E+01, 2.6180768402E+00, 6.7359200066E-02}, 8.0565229338E+00,
                    [](auto b, double x) { return b[0] / (1.0 + exp(b[1] - b[2] * x)); }));
  all.push_back(fit(
      "Rat43", from(1, 1, 15),
      {16.08, 33.83, 65.80, 97.20, 191.55, 326.20, 386.87, 520.53, 590.03, 651.92, 724.93, 699.56,
       689.96, 637.56, 717.41},
      {6.9964151270E+02, 5.2771253025E+00, 7.5962938329E-01, 1.2792483859E+00}, 8.7864049080E+03,
      [](auto b, double x) { return b[0] / pow(1.0 + exp(b[1] - b[2] * x), 1.0 / b[3]); }));
  all.push_back(
      fit("Eckerle4", {400,   405, 410,   415, 420,   425, 430,   435, 436.5, 438, 439.5, 441,
                       442.5, 444, 445.5, 447, 448.5, 450, 451.5, 453, 454.5, 456, 457.5, 459,
                       460.5, 462, 463.5, 465, 470,   475, 480,   485, 490,   495, 500},
          {.0001575, .0001699, .0002350, .0003102, .0004917, .0008710, .0017418, .0046400, .0065895,
           .0097302, .0149002, .0237310, .0401683, .0712559, .1264458, .2073413, .2902366, .3445623,
           .3698049, .3668534, .3106727, .2078154, .1164354, .0616764, .0337200, .0194023, .0117831,
           .0074357, .0022732, .0008800, .0004579, .0002345, .0001586, .0001143, .0000710},
          {1.5543827178E+00, 4.0888321754E+00, 4.5154121844E+02}, 1.4635887487E-03,
          [](auto b, double x) {
            const auto z = (x - b[2]) / b[1];
            return b[0] / b[1] * exp(-0.5 * z * z);
          }));
  all.push_back(fit("Thurber",
                    {-3.067, -2.981, -2.921, -2.912, -2.840, -2.797, -2.702, -2.699, -2.633, -2.481,
                     -2.363, -2.322, -1.501, -1.460, -1.274, -1.212, -1.100, -1.046, -.915,  -.714,
                     -.566,  -.545,  -.400,  -.309,  -.109,  -.103,  .010,   .119,   .377,   .790,
                     .963,   1.006,  1.115,  1.572,  1.841,  2.047,  2.200},
                    {80.574,   84.248,   87.264,   87.195,   89.076,   89.608,   89.868,   90.101,
                     92.405,   95.854,   100.696,  101.060,  401.672,  390.724,  567.534,  635.316,
                     733.054,  759.087,  894.206,  990.785,  1090.109, 1080.914, 1122.643, 1178.351,
                     1260.531, 1273.514, 1288.339, 1327.543, 1353.863, 1414.509, 1425.208, 1421.384,
                     1442.962, 1464.350, 1468.705, 1447.894, 1457.628},
                    {1.2881396800E+03, 1.4910792535E+03, 5.8323836877E+02, 7.5416644291E+01,
                     9.6629502864E-01, 3.9797285797E-01, 4.9727297349E-02},
                    5.6427082397E+03, [](auto b, double x) {
                      return (b[0] + x * (b[1] + x * (b[2] + x * b[3]))) /
                             (1.0 + x * (b[4] + x * (b[5] + x * b[6])));
                    }));
  all.push_back(fit("Hahn1", tests::hahn1_x, tests::hahn1_y,
                    {1.0776351733E+00, -1.2269296921E-01, 4.0863750610E-03, -1.4262662514E-06,
                     -5.7609940901E-03, 2.4053735503E-04, -1.2314450199E-07},
                    1.5324382854E+00, [](auto b, double x) {
                      return (b[0] + x * (b[1] + x * (b[2] + x * b[3]))) /
                             (1.0 + x * (b[4] + x * (b[5] + x * b[6])));
                    }));
  all.push_back(fit("Bennett5", tests::bennett5_x, tests::bennett5_y,
                    {-2.5235058043E+03, 4.6736564644E+01, 9.3218483193E-01}, 5.2404744073E-04,
                    [](auto b, double x) { return b[0] * pow(b[1] + x, -1.0 / b[2]); }));
  return all;
}

tests::LeastSquares problem(const Fit& f) {
  return {f.name,
          [f](std::span<const double> b) {
            std::vector<double> r;
            for (std::size_t i = 0; i < f.x.size(); ++i) r.push_back(f.y[i] - f.plain(b, f.x[i]));
            return r;
          },
          [f](std::span<const tw::Var> b) {
            std::vector<tw::Var> r;
            for (std::size_t i = 0; i < f.x.size(); ++i) r.push_back(f.y[i] - f.model(b, f.x[i]));
            return r;
          }};
}

}  // namespace

TEST_CASE("NIST's certified fits: the sum of squares, and no gradient left") {
  for (const Fit& f : fits()) {
    CAPTURE(f.name);
    REQUIRE(f.x.size() == f.y.size());
    const tests::LeastSquares s = problem(f);
    tw::Tape tape;
    const tw::Var b = tape.input(tests::to_array(f.certified), "b");
    const tw::Var sum = s(b);
    CHECK(sum.item() == tests::relative(f.sum_of_squares, 1e-8));
    const tw::Var g = tw::backward(sum)[b];
    const auto gradient = g.value<double>();
    const auto curvature = tw::hessian(sum, b).value<double>();
    for (std::size_t j = 0; j < f.certified.size(); ++j) {
      CAPTURE(j);
      // The certified values have 11 digits: the gradient may be what the last of them is worth.
      double least = 0.0;
      for (std::size_t k = 0; k < f.certified.size(); ++k) {
        least += 1e-10 * std::abs(curvature(j, k) * f.certified[k]);
      }
      CHECK(std::abs(gradient(j)) <= least);
      // It is no stationary point by accident: the curvature is positive.
      CHECK(curvature(j, j) > 0.0);
    }
  }
}

TEST_CASE("the gradients of the certified fits are right, at the minimum and beside it") {
  for (const Fit& f : fits()) {
    CAPTURE(f.name);
    const tests::LeastSquares s = problem(f);
    const auto sum = [&](const tw::Var& b) { return s(b); };
    const bool is_long = f.x.size() > 100;  // seconds, if all ways were tried
    for (const double off : {1.0, 1.01}) {
      std::vector<double> b = f.certified;
      for (double& x : b) x *= off;
      for (const int order : {1, 2}) {
        for (const bool complex_step : {true, false}) {
          if (is_long && (off == 1.0 || !complex_step)) continue;
          const auto report = tw::gradcheck(sum, tests::to_array(b),
                                            {.order = order, .complex_step = complex_step});
          CAPTURE(report);
          CAPTURE(order);
          CAPTURE(off);
          CHECK(report.wrong == 0);
          CHECK(report.blamed.empty());
          if (off != 1.0 && complex_step) CHECK(static_cast<bool>(report));
        }
      }
    }
  }
}

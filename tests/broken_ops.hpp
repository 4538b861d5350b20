#pragma once
#include <cmath>
#include <tapewise/ops/own_op.hpp>
#include <tapewise/tapewise.hpp>
#include <vector>

// Ops of every kind of rule that are wrong on purpose, in one way each: what a check must find.

namespace tests {

namespace tw = tapewise;

/// What is wrong with a rule.
enum class Fault : std::int64_t { none, off_by_3_percent, wrong_sign, missing, not_summed };

/// x itself; its attribute is the factor by which its partial is off. Plants an error anywhere.
struct Plant : tw::Elementwise<1> {
  static constexpr std::string_view name = "plant", formula = "x";
  static constexpr tw::Range ranges[] = {{-1, 1}};
  struct Attribute {
    double factor;
  };
  static constexpr Attribute example{1.0};
  template <class T>
  static T value(T x, const Attribute&) {
    return T(1) * x;
  }
  template <int I, class T>
  static T partial(T, T, const Attribute& a) {
    return T(a.factor);
  }
};
inline tw::Var plant(const tw::Var& x, double factor) {
  return tw::record<Plant>({tw::Operand(x)}, {factor});
}

/// x, with a derivative that depends on the element: right only where the mask is true. The mask
/// is no operand of anything but the gradient.
struct Flip : tw::Elementwise<2> {
  static constexpr std::string_view name = "flip", formula = "x";
  static constexpr tw::Range ranges[] = {{-1, 1}, {1, 2}};
  template <class T>
  static T value(T x, T sign) {
    return x * (sign * sign) / (sign * sign);
  }
  template <int I, class T>
  static auto partial(T, T sign, T) {
    if constexpr (I == 0)
      return T(1) * sign;
    else
      return tw::Zero{};
  }
};

/// a·b + a, with one of two partials wrong.
template <Fault fault>
struct BrokenElementwise : tw::Elementwise<2> {
  static constexpr std::string_view name = "broken_elementwise", formula = "a·b + a";
  static constexpr tw::Range ranges[] = {{-2, 2}, {-2, 2}};
  template <class T>
  static T value(T a, T b) {
    return a * b + a;
  }
  template <int I, class T>
  static T partial(T a, T b, T) {
    if constexpr (I == 1) {
      return a;
    } else {
      switch (fault) {
        case Fault::off_by_3_percent: return T(1.03) * (b + T(1));
        case Fault::wrong_sign: return -(b + T(1));
        case Fault::missing: return T(1) * b;
        default: return b + T(1);
      }
    }
  }
};

/// c·x², where the attribute c is forgotten, or off, in the partial.
template <Fault fault>
struct BrokenAttribute : tw::Elementwise<1> {
  static constexpr std::string_view name = "broken_attribute", formula = "c·x^2";
  static constexpr tw::Range ranges[] = {{-2, 2}};
  struct Attribute {
    double c;
  };
  static constexpr Attribute example{3.0};
  template <class T>
  static T value(T x, const Attribute& a) {
    return T(a.c) * x * x;
  }
  template <int I, class T>
  static T partial(T x, T, const Attribute& a) {
    const double factor = fault == Fault::missing            ? 2.0
                          : fault == Fault::off_by_3_percent ? 2.06 * a.c
                          : fault == Fault::wrong_sign       ? -2.0 * a.c
                                                             : 2.0 * a.c;
    return T(factor) * x;
  }
};

/// A matrix plus a row, repeated: structured, with a vjp written by hand.
template <Fault fault>
struct BrokenStructured : tw::Structured {
  static constexpr std::string_view name = "broken_structured", formula = "X + 1·rowᵀ";
  static constexpr int arity = 2;
  struct Params {
    std::int64_t rows, columns;
  };
  static tw::Type type(const tw::TypeArgs& args) {
    if (args.parent(0).shape.rank() != 2) throw args.shape_error("a matrix is wanted");
    return args.parent(0);
  }
  static Params plan(const tw::KernelRequest& request) {
    return {request.in[0]->shape[0], request.in[0]->shape[1]};
  }
  template <class T>
  static void kernel(const tw::KernelCall& call) {
    const auto& p = call.params<Params>();
    for (std::int64_t i = 0; i < p.rows; ++i) {
      for (std::int64_t j = 0; j < p.columns; ++j) {
        const std::int64_t at = i * p.columns + j;
        call.out<T>()[at] = call.in<T>(0)[at] + call.in<T>(1)[j] * call.in<T>(1)[j];
      }
    }
  }
  static tw::Var vjp(const tw::Vjp& v) {
    const tw::Var row = v.parent(1);
    if (v.use == 0) return fault == Fault::missing ? tw::Var{} : v.g * 1.0;
    const tw::Var summed = fault == Fault::not_summed
                               ? reshape(tw::slice(v.g, tw::Slices{tw::Slice{0, 1}}),
                                         row.shape())  // the first row stands for all
                               : tw::sum(v.g, 0);
    const double factor = fault == Fault::off_by_3_percent ? 2.06
                          : fault == Fault::wrong_sign     ? -2.0
                                                           : 2.0;
    return factor * row * summed;
  }
  static std::vector<tw::Example> examples() {
    const auto apply = [](std::span<const tw::Var> in) {
      return tw::record<BrokenStructured>({tw::Operand(in[0]), tw::Operand(in[1])});
    };
    return {{{{tw::DType::float64, {3, 4}}, {tw::DType::float64, {4}, 0.5, 2.0}}, apply},
            {{{tw::DType::float64, {2, 2}}, {tw::DType::float64, {2}, 0.5, 2.0}}, apply}};
  }
};

/// Σx and Σx² of a vector in one node, packed flat: several results.
template <Fault fault>
struct BrokenMoments : tw::Structured {
  static constexpr std::string_view name = "broken_moments", formula = "(Σ x, Σ x^2)";
  static constexpr int arity = 1;
  struct Params {
    std::int64_t n;
  };
  static tw::Type type(const tw::TypeArgs& args) { return {args.parent(0).dtype, {2}}; }
  static Params plan(const tw::KernelRequest& request) { return {request.in[0]->size()}; }
  template <class T>
  static void kernel(const tw::KernelCall& call) {
    T sum(0), squares(0);
    for (std::int64_t i = 0; i < call.params<Params>().n; ++i) {
      const T x = call.in<T>(0)[i];
      sum += x;
      squares += x * x;
    }
    call.out<T>()[0] = sum;
    call.out<T>()[1] = squares;
  }
  static tw::Var vjp(const tw::Vjp& v) {
    const tw::Var x = v.parent(0);
    const tw::Var of_sum = tw::slice(v.g, tw::Slices{tw::Slice{0, 1}}),
                  of_squares = tw::slice(v.g, tw::Slices{tw::Slice{1, 2}});
    const double factor = fault == Fault::off_by_3_percent ? 2.06
                          : fault == Fault::wrong_sign     ? -2.0
                                                           : 2.0;
    const tw::Var second = factor * x * of_squares;
    return fault == Fault::missing ? second : second + of_sum;
  }
  static std::vector<tw::Example> examples() {
    const auto apply = [](std::span<const tw::Var> in) {
      const tw::Var both = tw::record<BrokenMoments>({tw::Operand(in[0])});
      return tw::slice(both, tw::Slices{tw::Slice{0, 1}}) *
             tw::slice(both, tw::Slices{tw::Slice{1, 2}});
    };
    return {{{{tw::DType::float64, {5}, 0.2, 1.0}}, apply},
            {{{tw::DType::float64, {2}, 0.2, 1.0}}, apply}};
  }
};

/// Elements of x in another order, some of them twice, where the gradient of one use is lost.
template <Fault fault>
struct BrokenGather : tw::Structured {
  static constexpr std::string_view name = "broken_gather", formula = "(x_0, x_1, x_0)";
  static constexpr int arity = 1;
  struct Params {};
  static tw::Type type(const tw::TypeArgs& args) { return {args.parent(0).dtype, {3}}; }
  static Params plan(const tw::KernelRequest&) { return {}; }
  template <class T>
  static void kernel(const tw::KernelCall& call) {
    const T* x = call.in<T>(0);
    call.out<T>()[0] = x[0];
    call.out<T>()[1] = x[1];
    call.out<T>()[2] = x[0];
  }
  static tw::Var vjp(const tw::Vjp& v) {
    const auto part = [&](std::int64_t i) {
      return tw::slice(v.g, tw::Slices{tw::Slice{i, i + 1}});
    };
    const double factor = fault == Fault::off_by_3_percent ? 1.03
                          : fault == Fault::wrong_sign     ? -1.0
                                                           : 1.0;
    const tw::Var twice = fault == Fault::not_summed ? part(2) : part(0) + part(2);
    return tw::concat({twice, fault == Fault::missing ? 0.0 * part(1) : factor * part(1)}, 0);
  }
  static std::vector<tw::Example> examples() {
    const auto apply = [](std::span<const tw::Var> in) {
      return square(tw::record<BrokenGather>({tw::Operand(in[0])}));
    };
    return {{{{tw::DType::float64, {2}, 0.5, 1.0}}, apply},
            {{{tw::DType::float64, {2}, -2.0, -1.0}}, apply}};
  }
};

/// x³, whose first derivative is right and whose second is wrong.
template <Fault fault>
struct BrokenSecond : tw::Elementwise<1> {
  static constexpr std::string_view name = "broken_second", formula = "x^3";
  static constexpr tw::Range ranges[] = {{0.5, 2}};
  template <class T>
  static T value(T x) {
    return x * x * x;
  }
  template <int I, class T>
  static T partial(T x, T y) {
    // 3x² in numbers: what it is recorded from decides its own derivative.
    if constexpr (std::is_same_v<T, tw::Operand>) {
      const tw::Var right = T(3) * x * x;
      if (fault == Fault::none) return right;
      if (fault == Fault::missing) return stop_gradient(right);
      return plant(right, fault == Fault::off_by_3_percent ? 1.03 : -1.0);
    } else {
      return T(3) * x * x + T(0) * y;
    }
  }
};

/// x·tanh(x) written in other ops, one of which is wrong.
template <Fault fault>
struct BrokenComposite : tw::Composite {
  static constexpr std::string_view name = "broken_composite", formula = "x·tanh x";
  static std::vector<tw::Example> examples() {
    const auto apply = [](std::span<const tw::Var> in) {
      const double factor = fault == Fault::off_by_3_percent ? 1.03
                            : fault == Fault::wrong_sign     ? -1.0
                            : fault == Fault::missing        ? 0.0
                                                             : 1.0;
      return in[0] * plant(tanh(in[0]), factor);
    };
    return {{{{tw::DType::float64, {3}, 0.3, 1.0}}, apply},
            {{{tw::DType::float64, {}, 0.3, 1.0}}, apply}};
  }
};

}  // namespace tests

#pragma once
#include <cstdint>
#include <tapewise/ops/rectifier.hpp>

namespace tapewise {

namespace ops {

/// Numbers drawn by counters: element i depends on the seed, the step and i only. So whoever
/// computes it (a replay, a recomputation, subgraph B, another thread) sees the same numbers, and
/// the node may be shared like any other value.
struct UniformLike : Structured {
  static constexpr Text name = "uniform_like",
                        formula = "low + (high - low)·u(seed, step, i), 0 ≤ u < 1",
                        domain = "low ≤ high; step a whole number",
                        source = "Steele, Lea & Flood 2014, SplitMix";
  static constexpr Text signature = "uniform_like(x, low, high, seed, step)";
  static constexpr Text derivative = "none: the numbers do not depend on x";
  static constexpr Text peers = "jax.random.uniform(key), torch.rand_like";
  static constexpr int arity = 2;
  static constexpr bool stops_gradient = true;
  static constexpr bool complex_step = false;
  struct Attribute {
    double low, high;
    std::uint64_t seed;
  };
  struct Params {
    std::int64_t n;
    Attribute a;
  };
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request) {
    return {request.out.size(), request.attribute<Attribute>()};
  }
  template <class T>
  static void kernel(const KernelCall& call);
  static std::string attribute_text(const void* attribute);
  static std::vector<Example> examples();
};

struct Rrelu : Composite {
  static constexpr Text name = "rrelu",
                        formula = "x if x > 0 else α·x, α drawn from [lower, upper)",
                        domain = "lower ≤ upper; kink at 0", source = "Xu et al. 2015";
  static constexpr Text signature =
      "rrelu(x, seed, step=0, lower=1/8, upper=1/3, subgradient=left)";
  static constexpr Text derivative = "1 or α, with the same α";
  static constexpr Text peers = "torch.nn.functional.rrelu";
  static constexpr Text kinks = "x = 0";
  static std::vector<Example> examples();
};

}  // namespace ops

/// Uniform random numbers in [low, high), of x's shape and dtype; element i depends on the seed,
/// the step and i only. `step` is an int64 scalar: a program that assigns step + 1 to it draws anew
/// in each run. Throws DomainError unless low ≤ high, TypeError or ShapeError for another step.
Var uniform_like(const Operand& x, double low, double high, std::uint64_t seed,
                 const Operand& step = 0);

/// Leaky ReLU with a slope drawn for each element, for training. The defaults are PyTorch's.
Var rrelu(const Operand& x, std::uint64_t seed, const Operand& step = 0, double lower = 1.0 / 8.0,
          double upper = 1.0 / 3.0, Subgradient subgradient = Subgradient::left);
/// The same for evaluation: the mean of the slopes.
inline Var rrelu_eval(const Operand& x, double lower = 1.0 / 8.0, double upper = 1.0 / 3.0,
                      Subgradient subgradient = Subgradient::left) {
  return leaky_relu(x, 0.5 * (lower + upper), subgradient);
}

using RandomRectifierOps = OpList<ops::UniformLike, ops::Rrelu>;
std::span<const OpRecord> records_of(RandomRectifierOps);

}  // namespace tapewise

#pragma once
#include <tapewise/ops/scheme.hpp>
#include <tapewise/ops/shape.hpp>

namespace tapewise {

namespace ops {

/// A pure function of seed, step and place: whoever computes it (a replay, a recomputation,
/// subgraph B, another thread) sees the same mask, and it may be shared like any other value.
struct RandomMask : Structured {
  static constexpr Text name = "random_mask", formula = "philox(seed, step, i) ≥ rate·2^32",
                        signature = "random_mask(step, shape, rate, seed)",
                        domain = "0 ≤ rate ≤ 1; step a whole number",
                        derivative = "none: a mask is constant almost everywhere",
                        peers = "jax.random.bernoulli(key), tf.random.stateless_uniform",
                        source = "Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3";
  static constexpr int arity = 1;
  static constexpr bool stops_gradient = true;
  static constexpr DTypes dtypes = every_dtype;
  struct Attribute {
    Sizes shape;
    std::uint64_t seed;
    std::uint64_t threshold;  ///< a draw of 32 bits below it is dropped
  };
  struct Params {
    std::int64_t n;
    std::uint64_t seed, threshold;
  };
  static Type type(const TypeArgs& args);
  static Params plan(const KernelRequest& request);
  template <class T>
  static void kernel(const KernelCall& call);
  static std::string attribute_text(const void* attribute);
  static std::vector<Example> examples();
};

struct Dropout : Composite {
  static constexpr Text
      name = "dropout",
      formula = "mask·x/(1 - rate), mask_i = 0 with probability rate",
      signature = "dropout(x, rate, seed, step=0)", domain = "0 ≤ rate ≤ 1",
      derivative = "mask·G/(1 - rate), with the same mask",
      peers = "torch.nn.functional.dropout, flax.linen.Dropout, tf.nn.dropout",
      source = "Srivastava et al. 2014, scaled in training; Goodfellow et al., Deep Learning, 7.12";
  static std::vector<Example> examples();
};

}  // namespace ops

/// A mask of this shape, each element false with probability `rate`, drawn by counters: element i
/// depends on the seed, the step and i only. `step` is an int64 scalar; a program that assigns
/// step + 1 to it draws a new mask in each run, and setting it back replays an old one. Masks of
/// different seeds are independent. Throws DomainError unless 0 ≤ rate ≤ 1, TypeError or ShapeError
/// for another step.
Var random_mask(const Operand& step, const Shape& shape, double rate, std::uint64_t seed);

/// x with each element set to zero with probability `rate`, the others divided by 1 - rate, so that
/// the expectation is x. The mask is that of `random_mask`: give each layer a seed of its own.
/// `step` is a whole number or an int64 scalar Var. Rate 0 is x itself: what a network does when it
/// is not being trained. An infinity that is dropped is dropped.
Var dropout(const Operand& x, double rate, std::uint64_t seed, const Operand& step = 0);

using RandomOps = OpList<ops::RandomMask, ops::Dropout>;
std::span<const OpRecord> records_of(RandomOps);

}  // namespace tapewise

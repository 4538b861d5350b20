#pragma once
#include <tapewise/ops/scheme.hpp>

namespace tapewise {

namespace ops {

struct Cast : Structured {
  static constexpr Text name = "cast", formula = "x as another dtype", domain = "numbers that fit";
  static constexpr Text derivative = "x̄ = ḡ in the dtype of x; none through int64 and bool";
  static constexpr Text source = "ISO C++20, 7.3";
  static constexpr Text signature = "cast(x, dtype)";
  static constexpr Text peers = "torch.Tensor.to, jax.numpy.astype, tf.cast";
  static constexpr DTypes dtypes = every_dtype;
  static constexpr int arity = 1;
  static constexpr bool may_throw = true;
  struct Attribute {
    DType to;
  };
  static Type type(const TypeArgs& args) {
    const DType to = args.attribute<Attribute>().to;
    if (!every_dtype.contains(to)) {
      throw args.type_error("wanted one of bool, int64, float32, float64, given " +
                            std::string(name_of(to)));
    }
    return {to, args.parent(0).shape};
  }
  struct Params {
    std::int64_t n;
    DType from;  ///< what the operand's memory holds
  };
  static Params plan(const KernelRequest& request) {
    return {request.out.size(), request.number(*request.in[0])};
  }
  template <class T>
  static void kernel(const KernelCall& call);
  static Var vjp(const Vjp& v) { return record<Cast>({Operand(v.g)}, {v.parent(0).dtype()}); }
  static std::string attribute_text(const void* attribute) {
    return "to=" + std::string(name_of(static_cast<const Attribute*>(attribute)->to));
  }
  static std::vector<Example> examples();
};

struct StopGradient : Structured {
  static constexpr Text name = "stop_gradient", formula = "x, held constant";
  static constexpr Text source = "Griewank & Walther, Evaluating Derivatives, 2.2";
  static constexpr Text signature = "stop_gradient(x)";
  static constexpr Text peers = "torch.Tensor.detach, jax.lax.stop_gradient, tf.stop_gradient";
  static constexpr DTypes dtypes = every_dtype;
  static constexpr int arity = 1;
  static constexpr bool alias = true;
  static constexpr bool stops_gradient = true;
  static Type type(const TypeArgs& args) { return args.parent(0); }
  static std::vector<Example> examples();
};

}  // namespace ops

/// x in another dtype; x itself when it has that dtype. Floats to int64 lose their fraction
/// (towards zero); anything but 0 is `true`. The gradient is cast back; there is none through
/// int64 and bool. A NaN, or a number too large for int64, throws DomainError when computed.
inline Var cast(const Operand& x, DType to) {
  if (x.is_var() && x.var().has_tape() && x.var().dtype() == to) return x.var();
  return record<ops::Cast>({x}, {to});
}

/// x as a value that gradients do not flow through: a constant to differentiation, although it is
/// computed anew whenever x is. Shares x's memory.
inline Var stop_gradient(const Operand& x) { return record<ops::StopGradient>({x}); }

using ConversionOps = OpList<ops::Cast, ops::StopGradient>;
std::span<const OpRecord> records_of(ConversionOps);

}  // namespace tapewise

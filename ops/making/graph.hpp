#pragma once
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/making/rule.hpp>

// Reads an elementwise rule as an op of the graph: the type of its result, its vjp as nodes of B.

namespace tapewise::making {

/// g · partial, without a multiplication where none is needed.
template <class P>
Var times_partial(const Var& g, const P& partial) {
  if constexpr (std::is_same_v<P, One>)
    return g;
  else if constexpr (std::is_same_v<P, MinusOne>)
    return negated(g);
  else
    return cotangent_times(g, partial);
}

inline Var condition_of(const Var& condition) { return condition; }
inline Var condition_of(const Operand& condition) { return condition.var(); }

/// Operands broadcast against each other; number operands agree in dtype.
template <class R>
Type elementwise_type(const TypeArgs& args) {
  Type result = args.parent(0);
  DType number{};
  bool have_number = false;
  [&]<int... k>(std::integer_sequence<int, k...>) {
    const auto check = [&]<int K>(std::integral_constant<int, K>) {
      const Type& t = args.parent(K);
      constexpr bool mask = !std::is_same_v<InTypeOf<R, float, K>, float>;
      if (mask) {
        if (t.dtype != DType::boolean) {
          throw args.type_error("operand " + std::to_string(K + 1) +
                                " is a condition: wanted bool, given " + to_string(t));
        }
      } else if (!R::dtypes.contains(t.dtype)) {
        throw args.type_error("not defined for " + to_string(t) +
                              ": cast the operand to a dtype it takes");
      } else if (have_number && number != t.dtype) {
        throw args.type_error("dtypes differ: " + std::string(name_of(number)) + " and " +
                              std::string(name_of(t.dtype)) +
                              ": write cast(x, dtype) on one of them");
      } else {
        number = t.dtype;
        have_number = true;
      }
      if (K > 0) {
        Shape both;
        if (!broadcast(result.shape, t.shape, both)) {
          std::string shapes = to_string(args.parent(0).shape);
          for (std::size_t j = 1; j < args.parents.size(); ++j) {
            shapes += " and " + to_string(args.parent(j).shape);
          }
          throw args.shape_error("shapes do not broadcast: " + shapes);
        }
        result.shape = both;
      }
    };
    (check(std::integral_constant<int, k>{}), ...);
  }
  (std::make_integer_sequence<int, R::arity>{});
  constexpr bool to_mask = std::is_same_v<typename R::template Out<float>, bool>;
  result.dtype = to_mask ? DType::boolean : number;
  return result;
}

/// g · ∂y/∂x_use, summed over the axes along which x_use was broadcast.
template <class R>
Var elementwise_vjp(const Vjp& v) {
  return with_index<R::arity>(v.use, [&]<int I>(std::integral_constant<int, I>) -> Var {
    return [&]<int... k>(std::integer_sequence<int, k...>)->Var {
      const auto attribute = attribute_of<R>(v.y.attribute_data());
      const auto partial = call_partial<R, I>(&attribute, Operand(v.parent(k))..., Operand(v.y));
      using P = std::remove_cvref_t<decltype(partial)>;
      if constexpr (std::is_same_v<P, Zero>) {
        return Var{};
      } else if constexpr (std::is_same_v<P, MinusOne>) {
        return negated(sum_to(v.g, v.parent(I).shape()));  // the sum has fewer elements
      } else if constexpr (is_only_if<P>) {
        const Var g = times_partial(v.g, partial.partial);
        return sum_to(cotangent_where(condition_of(partial.condition), g), v.parent(I).shape());
      } else {
        const Var contribution = times_partial(v.g, partial);
        return contribution.has_tape() ? sum_to(contribution, v.parent(I).shape()) : Var{};
      }
    }
    (std::make_integer_sequence<int, R::arity>{});
  });
}

}  // namespace tapewise::making

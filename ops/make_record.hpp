#pragma once
#include <tapewise/ops/making/elementwise.hpp>
#include <tapewise/ops/making/structured.hpp>

// Reads a rule and fills in the record by which the engine knows the op. Included where kernels
// are compiled: the library's ops/*.cpp, and a user's file through own_op.hpp.

namespace tapewise::making {

/// `Loops` says where the loops of an elementwise rule are compiled.
template <class R, class Loops>
OpRecord make_record(std::string_view family) {
  OpRecord op;
  op.key = &rule_key<R>;
  op.name = R::name;
  op.family = family;
  op.formula = R::formula;
  op.domain = R::domain;
  op.source = R::source;
  op.arity = R::arity;
  op.attribute_bytes = has_attribute<R> ? sizeof(typename R::Attribute) : 0;
  op.kinks = R::kinks;
  op.traits.has_kinks = !op.kinks.empty();
  if constexpr (requires { R::free_signs; }) op.traits.free_signs = R::free_signs;
  op.traits.stops_gradient = R::stops_gradient;
  op.dtypes = R::dtypes;
  static_assert(std::is_trivially_copyable_v<typename R::Attribute>);
  op.signature = R::signature;
  op.derivative = R::derivative;
  op.peers = R::peers;
  if constexpr (requires { &R::attribute_text; }) op.attribute_text = &R::attribute_text;
  if constexpr (requires { &R::refusal; }) {
    op.refusal = [](const void* attribute) { return R::refusal(attribute_of<R>(attribute)); };
  }
  if constexpr (requires { R::elementwise_scheme; }) {
    fill_elementwise<R, Loops>(op);
  } else if constexpr (requires { R::composite_scheme; }) {
    op.traits.composite = true;
    op.examples = &R::examples;
  } else {
    fill_structured<R>(op);
  }
  const bool plain = op.traits.same_type && !op.traits.stops_gradient && !has_attribute<R>;
  if (plain && op.refusal == nullptr) op.plain_dtypes = op.dtypes;
  return op;
}

}  // namespace tapewise::making

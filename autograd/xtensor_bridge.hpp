#pragma once
// The only file that names xtensor containers. Everything below this header speaks of pointers,
// dtypes and shapes, because a container's type changes with the user's macros
// (XTENSOR_USE_XSIMD) and must not become part of the library's binary interface.
#include <algorithm>
#include <memory>
#include <tapewise/autograd/program.hpp>
#include <tapewise/autograd/sweep.hpp>
#include <tapewise/autograd/var.hpp>
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>

namespace tapewise {

namespace bridge {

/// The type that an element is kept as: itself, or int64 for other integers.
template <class T>
using KeptAs = std::conditional_t<Element<T>, T, std::int64_t>;

template <class X>
Shape shape_of(const X& x) {
  Shape shape;
  for (const auto size : x.shape()) shape.push_back(static_cast<std::int64_t>(size));
  return shape;
}

template <class X>
concept RowMajorContainer = requires(const X& x) {
  { x.data() } -> std::same_as<const typename X::value_type*>;
  requires X::static_layout == xt::layout_type::row_major;
  requires X::contiguous_layout;
  x.data_offset();
};

inline xt::dynamic_shape<std::size_t> xt_shape(const Shape& shape) {
  return xt::dynamic_shape<std::size_t>(shape.begin(), shape.end());
}

/// Not by assigning an adaptor: the compiler needs longer for that.
template <class T>
xt::xarray<T> copy_of(const void* data, const Shape& shape) {
  auto copy = xt::xarray<T>::from_shape(xt_shape(shape));
  const T* numbers = static_cast<const T*>(data);
  std::copy(numbers, numbers + shape.size(), copy.data());
  return copy;
}

}  // namespace bridge

/// How an `ArrayView` reads an xtensor container or expression.
template <class E>
ArrayView as_array_view(const xt::xexpression<E>& expression, BridgeTag) {
  const E& x = expression.derived_cast();
  using T = std::remove_cvref_t<typename E::value_type>;
  static_assert(std::is_arithmetic_v<T>, "arrays of float, double, bool and integers only");
  using Kept =
      std::conditional_t<std::is_floating_point_v<T> && !Element<T>, double, bridge::KeptAs<T>>;
  const Type type{dtype_of<Kept>, bridge::shape_of(x)};
  if constexpr (bridge::RowMajorContainer<E> && Element<T>) {
    return ArrayView(x.data() + x.data_offset(), type);
  } else {
    auto copy = std::make_shared<const Array>(type);
    Kept* out = copy->template as<Kept>();
    const auto end = x.template end<xt::layout_type::row_major>();
    for (auto it = x.template begin<xt::layout_type::row_major>(); it != end; ++it) {
      *out++ = static_cast<Kept>(*it);
    }
    return ArrayView(std::shared_ptr<const Array>(std::move(copy)));
  }
}

template <class T>
auto Var::view() const {
  require_dtype(dtype_of<T>, "view");
  return xt::adapt(static_cast<const T*>(data()), static_cast<std::size_t>(type().size()),
                   xt::no_ownership(), bridge::xt_shape(shape()));
}

template <class T>
auto Var::value() const {
  require_dtype(dtype_of<T>, "value");
  return bridge::copy_of<T>(data(), shape());
}

template <class T>
auto Var::mutable_view() const {
  require_dtype(dtype_of<T>, "mutable_view");
  return xt::adapt(static_cast<T*>(mutable_data()), static_cast<std::size_t>(type().size()),
                   xt::no_ownership(), bridge::xt_shape(shape()));
}

template <class T>
requires std::same_as<T, double>
auto NumericGradients::value(const Var& node) const {
  const std::span<const T> flat = numbers(node);
  return xt::adapt(flat.data(), flat.size(), xt::no_ownership(), bridge::xt_shape(node.shape()));
}

template <class T>
auto Program::view(const Var& output) const {
  const std::size_t k = index_of(output);
  require_output_dtype(k, dtype_of<T>);
  const Shape& shape = type(k).shape;
  return xt::adapt(static_cast<const T*>(data(k)), static_cast<std::size_t>(shape.size()),
                   xt::no_ownership(), bridge::xt_shape(shape));
}

template <class T>
auto Program::value(const Var& output) const {
  const std::size_t k = index_of(output);
  require_output_dtype(k, dtype_of<T>);
  return bridge::copy_of<T>(data(k), type(k).shape);
}

}  // namespace tapewise

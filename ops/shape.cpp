#include <tapewise/ops/shape.hpp>

#include <cstring>
#include <tapewise/autograd/cotangent.hpp>
#include <tapewise/ops/library_records.hpp>

namespace tapewise {

// --- reshape ------------------------------------------------------------------------------------

Shape Sizes::shape_of(const Shape& x, const TypeArgs& args) const {
  if (rank_ > Shape::max_rank) {
    throw args.shape_error("an array has at most " + std::to_string(Shape::max_rank) + " axes, " +
                           std::to_string(rank_) + " are wanted");
  }
  const auto wanted = [&] { return to_string(x) + " into " + text(); };
  Shape shape;
  std::int64_t known = 1;
  int open = -1;
  for (std::size_t axis = 0; axis < rank_; ++axis) {
    const std::int64_t size = sizes_[axis];
    if (size < -1) throw args.shape_error("a size is negative: " + wanted());
    if (size == -1 && open >= 0) {
      throw args.shape_error("only one size may be -1: " + wanted());
    }
    if (size == -1) open = static_cast<int>(axis);
    shape.push_back(size == -1 ? 1 : size);
    if (size != -1 && __builtin_mul_overflow(known, size, &known)) {
      throw args.shape_error("the sizes are larger than memory can be: " + wanted());
    }
  }
  if (open >= 0) {
    if (known == 0 || x.size() % known != 0) {
      throw args.shape_error("no size in the place of -1 fits: " + wanted() + ", " +
                             std::to_string(x.size()) + " elements");
    }
    shape.set(static_cast<std::size_t>(open), x.size() / known);
  } else if (known != x.size()) {
    throw args.shape_error("the numbers of elements differ: " + wanted() + ", " +
                           std::to_string(x.size()) + " != " + std::to_string(known));
  }
  return shape;
}

std::string Sizes::text() const {
  std::string text = "(";
  for (std::size_t axis = 0; axis < std::min<std::size_t>(rank_, Shape::max_rank); ++axis) {
    text += (axis > 0 ? "," : "") + std::to_string(sizes_[axis]);
  }
  return text + (rank_ == 1 ? ",)" : ")");
}

std::vector<Example> ops::Reshape::examples() {
  return {{{{DType::float64, {2, 3}}},
           [](std::span<const Var> in) {
             return reshape(in[0], {3, -1});
           }},
          {{{DType::float64, {}}},
           [](std::span<const Var> in) {
             return reshape(in[0], {1, 1});
           }},
          {{{DType::float64, {1}}}, [](std::span<const Var> in) { return reshape(in[0], {}); }},
          {{{DType::float64, {0, 2}}},
           [](std::span<const Var> in) {
             return reshape(in[0], {3, 0});
           }},
          {{{DType::int64, {4}, -9, 9}}, [](std::span<const Var> in) {
             return reshape(in[0], {2, 2});
           }}};
}

// --- transpose ----------------------------------------------------------------------------------

std::size_t ops::Transpose::source_axis(const Axes& axes, std::size_t k, std::size_t rank) {
  if (axes.all()) return rank - 1 - k;
  return accepted_axis(axes[k], rank);
}

Type ops::Transpose::type(const TypeArgs& args) {
  const Type& x = args.parent(0);
  const auto axes = args.attribute<Axes>();
  const std::size_t rank = x.shape.rank();
  axes.check(x.shape, args);
  if (!axes.all() && axes.count() != rank) {
    throw args.shape_error(axes.text() + " names " + std::to_string(axes.count()) + " of the " +
                           std::to_string(rank) + " axes of " + to_string(x.shape) +
                           ": wanted each of them once");
  }
  Shape shape;
  for (std::size_t k = 0; k < rank; ++k) shape.push_back(x.shape[source_axis(axes, k, rank)]);
  return {x.dtype, shape};
}

kernels::StridedCopy ops::Transpose::plan(const KernelRequest& request) {
  const Shape& x = request.in[0]->shape;
  const auto axes = request.attribute<Axes>();
  const Strides strides = row_major_strides(x);
  Strides from{};
  for (std::size_t k = 0; k < x.rank(); ++k) from[k] = strides[source_axis(axes, k, x.rank())];
  return kernels::plan_copy(request.out.shape, from, row_major_strides(request.out.shape));
}

bool ops::Transpose::swaps_last(const Axes& axes, std::size_t rank) {
  if (rank < 2) return false;
  for (std::size_t k = 0; k < rank; ++k) {
    const std::size_t wanted = k + 2 < rank ? k : k + 2 == rank ? rank - 1 : rank - 2;
    if (source_axis(axes, k, rank) != wanted) return false;
  }
  return true;
}

Var ops::Transpose::vjp(const Vjp& v) {
  const auto axes = v.attribute<Axes>();
  if (axes.all()) return record<Transpose>({Operand(v.g)}, axes);
  const std::size_t rank = axes.count();
  std::array<std::int64_t, Shape::max_rank> inverse{};
  for (std::size_t k = 0; k < rank; ++k) {
    inverse[source_axis(axes, k, rank)] = static_cast<std::int64_t>(k);
  }
  return record<Transpose>({Operand(v.g)}, Axes(std::span(inverse.data(), rank)));
}

std::vector<Example> ops::Transpose::examples() {
  return {
      {{{DType::float64, {2, 3}}}, [](std::span<const Var> in) { return transpose(in[0]); }},
      {{{DType::float64, {9, 6}}}, [](std::span<const Var> in) { return transpose(in[0]); }},
      {{{DType::float64, {2, 3, 4}}},
       [](std::span<const Var> in) {
         return transpose(in[0], {1, 2, 0});
       }},
      {{{DType::float64, {2, 1, 3, 2}}},
       [](std::span<const Var> in) {
         return transpose(in[0], {-1, 0, -2, 1});
       }},
      {{{DType::float64, {2, 3, 2}}}, [](std::span<const Var> in) { return swap_last(in[0]); }},
      {{{DType::float64, {0, 3}}}, [](std::span<const Var> in) { return transpose(in[0]); }},
      {{{DType::float64, {3}}}, [](std::span<const Var> in) { return transpose(in[0]); }},
      {{{DType::float64, {}}}, [](std::span<const Var> in) { return transpose(in[0]); }},
      {{{DType::boolean, {2, 3}, 0, 1}}, [](std::span<const Var> in) { return transpose(in[0]); }}};
}

Var swap_last(const Operand& x) {
  std::array<std::int64_t, Shape::max_rank> axes{};
  const std::size_t rank = std::max<std::size_t>(x.is_var() ? x.var().shape().rank() : 2, 2);
  for (std::size_t k = 0; k < rank; ++k) axes[k] = static_cast<std::int64_t>(k);
  std::swap(axes[rank - 1], axes[rank - 2]);
  return transpose(x, Axes(std::span(axes.data(), rank)));
}

// --- broadcast_to -------------------------------------------------------------------------------

Type ops::BroadcastTo::type(const TypeArgs& args) {
  const Type& x = args.parent(0);
  const Shape to = args.attribute<Sizes>().shape();
  Shape both;
  if (!tapewise::broadcast(x.shape, to, both) || both != to) {
    throw args.shape_error(to_string(x.shape) + " does not broadcast to " + to_string(to));
  }
  return {x.dtype, to};
}

Var ops::BroadcastTo::vjp(const Vjp& v) { return sum_to(v.g, v.parent(0).shape()); }

std::vector<Example> ops::BroadcastTo::examples() {
  const auto to_2_3 = [](std::span<const Var> in) { return broadcast_to(in[0], {2, 3}); };
  return {{{{DType::float64, {3}}}, to_2_3},
          {{{DType::float64, {2, 1}}}, to_2_3},
          {{{DType::float64, {}}}, to_2_3},
          {{{DType::float64, {1, 3, 1}}},
           [](std::span<const Var> in) {
             return broadcast_to(in[0], {2, 4, 3, 2});
           }},
          {{{DType::float64, {1, 2}}},
           [](std::span<const Var> in) {
             return broadcast_to(in[0], {0, 2});
           }},
          {{{DType::int64, {}, -9, 9}}, to_2_3}};
}

Var filled(Tape& tape, const Type& type, double number) {
  const auto constant = [&](DType dtype) {
    if (dtype == DType::boolean) return tape.constant(number != 0.0);
    return tape.constant(number_as(ArrayView(number), dtype, "filled"));
  };
  return broadcast_to(constant(type.dtype), type.shape);
}

// --- concat -------------------------------------------------------------------------------------

Type ops::Concat::type(const TypeArgs& args) {
  const Type& first = args.parent(0);
  const std::int64_t given = args.attribute<Attribute>().axis;
  const int axis = normal_axis(given, first.shape.rank());
  if (axis < 0) {
    throw args.shape_error("axis " + std::to_string(given) + " is out of range for " +
                           to_string(first.shape));
  }
  const auto joined = static_cast<std::size_t>(axis);
  Type result = first;
  for (std::size_t k = 1; k < args.parents.size(); ++k) {
    const Type& part = args.parent(k);
    if (part.dtype != first.dtype) {
      throw args.type_error("dtypes differ: " + std::string(name_of(first.dtype)) + " and " +
                            std::string(name_of(part.dtype)) +
                            ": write cast(x, dtype) on one of them");
    }
    Shape fitting = first.shape;
    if (part.shape.rank() == fitting.rank()) fitting.set(joined, part.shape[joined]);
    if (part.shape != fitting) {
      throw args.shape_error("parts differ in another axis than " + std::to_string(given) + ": " +
                             to_string(first.shape) + " and " + to_string(part.shape));
    }
    result.shape.set(joined, result.shape[joined] + part.shape[joined]);
  }
  return result;
}

ops::Concat::Params ops::Concat::plan(const KernelRequest& request) {
  const Shape& shape = request.out.shape;
  const std::size_t axis = accepted_axis(request.attribute<Attribute>().axis, shape.rank());
  std::int64_t inner = 1;
  Params p{1, static_cast<std::int64_t>(request.in.size()), {}};
  for (std::size_t a = 0; a < axis; ++a) p.outer *= shape[a];
  for (std::size_t a = axis + 1; a < shape.rank(); ++a) inner *= shape[a];
  for (std::size_t k = 0; k < request.in.size(); ++k) {
    p.run[k] = request.in[k]->shape[axis] * inner;
  }
  return p;
}

template <class T>
void ops::Concat::kernel(const KernelCall& call) {
  const auto& p = call.params<Params>();
  T* out = call.out<T>();
  for (std::int64_t o = 0; o < p.outer; ++o) {
    for (std::size_t k = 0; k < static_cast<std::size_t>(p.parts); ++k) {
      const std::int64_t run = p.run[k];
      if (run == 0) continue;
      std::memcpy(out, call.in<T>(k) + o * run, static_cast<std::size_t>(run) * sizeof(T));
      out += run;
    }
  }
}

Var ops::Concat::vjp(const Vjp& v) {
  const Shape shape = v.y.shape();
  const std::size_t axis = accepted_axis(v.attribute<Attribute>().axis, shape.rank());
  std::array<Slice, Shape::max_rank> part{};
  part[axis].start = 0;
  for (int k = 0; k < v.use; ++k) {
    part[axis].start += v.parent(static_cast<std::size_t>(k)).shape()[axis];
  }
  part[axis].stop = part[axis].start + v.parent(static_cast<std::size_t>(v.use)).shape()[axis];
  return slice(v.g, Slices(std::span<const Slice>(part.data(), axis + 1)));
}

std::vector<Example> ops::Concat::examples() {
  return {{{{DType::float64, {2, 3}}, {DType::float64, {1, 3}}},
           [](std::span<const Var> in) { return concat(in, 0); }},
          {{{DType::float64, {2, 1, 2}}, {DType::float64, {2, 3, 2}}, {DType::float64, {2, 0, 2}}},
           [](std::span<const Var> in) { return concat(in, -2); }},
          {{{DType::float64, {3}}}, [](std::span<const Var> in) { return concat(in, 0); }},
          {{{DType::float64, {2, 2}}},
           [](std::span<const Var> in) {
             return concat({in[0], in[0]}, 1);
           }},
          {{{DType::int64, {2}, -9, 9}, {DType::int64, {3}, -9, 9}},
           [](std::span<const Var> in) { return concat(in, -1); }}};
}

Var concat(std::span<const Operand> parts, std::int64_t axis, SourceLine where) {
  constexpr std::size_t most = ops::Concat::max_parts;
  if (parts.empty()) {
    throw ShapeError("[concat] there is nothing to join: wanted at least one array\n  at " +
                     to_string(where));
  }
  if (parts.size() <= most) return record<ops::Concat>(parts, {axis});
  // A tree of nodes, all of them or none.
  const auto var = std::find_if(parts.begin(), parts.end(), [](auto& p) { return p.is_var(); });
  if (var == parts.end()) return record<ops::Concat>(parts, {axis});
  Tape::Transaction transaction(var->var().tape());
  std::vector<Operand> joined;
  for (std::size_t k = 0; k < parts.size(); k += most) {
    const auto some = parts.subspan(k, std::min(most, parts.size() - k));
    joined.emplace_back(record<ops::Concat>(some, {axis}), parts[0].where());
  }
  const Var all = concat(joined, axis, where);
  transaction.keep();
  return all;
}

Var concat(std::span<const Var> parts, std::int64_t axis, SourceLine where) {
  std::vector<Operand> operands;
  for (const Var& part : parts) operands.emplace_back(part, where);
  return concat(operands, axis, where);
}

// --- slice --------------------------------------------------------------------------------------

std::vector<Example> ops::SliceOp::examples() {
  return {{{{DType::float64, {4, 3}}},
           [](std::span<const Var> in) {
             return slice(in[0], {{1, 3}});
           }},
          {{{DType::float64, {3, 5}}},
           [](std::span<const Var> in) {
             return slice(in[0], {{}, {-1, 0, -2}});
           }},
          {{{DType::float64, {2, 3, 4}}},
           [](std::span<const Var> in) {
             return slice(in[0], {{}, {1, 2}, {.step = 2}});
           }},
          {{{DType::float64, {5}}},
           [](std::span<const Var> in) {
             return slice(in[0], {{4, 1}});
           }},
          {{{DType::float64, {}}}, [](std::span<const Var> in) { return slice(in[0], {}); }},
          {{{DType::int64, {6}, -9, 9}},
           [](std::span<const Var> in) { return slice(in[0], {{.step = -1}}); }}};
}

Type ops::SliceInto::type(const TypeArgs& args) {
  const auto a = args.attribute<Attribute>();
  const Type& g = args.parent(0);
  const Shape shape = a.shape.shape();
  a.slices.check(shape, args);
  if (const Shape wanted = a.slices.shape_of(shape); g.shape != wanted) {
    throw args.shape_error(a.slices.text() + " of " + to_string(shape) + " has shape " +
                           to_string(wanted) + ", given " + to_string(g.shape));
  }
  return {g.dtype, shape};
}

std::vector<Example> ops::SliceInto::examples() {
  return {{{{DType::float64, {2, 3}}},
           [](std::span<const Var> in) {
             return slice_into(in[0], {4, 3}, {{1, 3}});
           }},
          {{{DType::float64, {3, 2}}},
           [](std::span<const Var> in) {
             return slice_into(in[0], {3, 5}, {{}, {-1, 0, -2}});
           }},
          {{{DType::float64, {0}}}, [](std::span<const Var> in) {
             return slice_into(in[0], {3}, {{0, 0}});
           }}};
}

std::span<const OpRecord> records_of(ShapeOps list) {
  return making::library_records(list, "shape");
}

}  // namespace tapewise

// Ops with a structure of their own, as expressions call them: sums, norms, shapes, products,
// matrices. Losses and layers are in networks.cpp.
#include <tapewise/lessons/expression/catalogue.hpp>
#include <tapewise/lessons/expression/parameters.hpp>

namespace tapewise::lessons {

namespace {

using namespace parameters;

constexpr Value x{"x"}, a{"a"}, b{"b"};
constexpr AxesOf all_axes{};
constexpr Flag keepdims{"keepdims"};
constexpr Integer axis{"axis"}, last_axis{"axis", -1}, k{"k", 0};

Sizes sizes(const std::vector<std::int64_t>& list) {
  return Sizes(std::span<const std::int64_t>(list));
}
Shape shape_of(const std::vector<std::int64_t>& list) {
  return Shape(std::span<const std::int64_t>(list));
}

Slices slices(const std::vector<std::vector<std::int64_t>>& rows) {
  std::vector<Slice> list;
  for (const auto& row : rows) list.push_back({row[0], row[1], row.size() > 2 ? row[2] : 1});
  return Slices(std::span<const Slice>(list));
}
Paddings paddings(const std::vector<std::vector<std::int64_t>>& rows) {
  std::vector<Padding> list;
  for (const auto& row : rows) list.push_back({row[0], row[1]});
  return Paddings(std::span<const Padding>(list));
}

Var chosen(const Sorted& sorted, bool indices) { return indices ? sorted.indices : sorted.values; }

enum class Fill { zero, edge, reflect, wrap };
Var padded(const Operand& of, const std::vector<std::vector<std::int64_t>>& widths, double value,
           Fill mode) {
  switch (mode) {
    case Fill::edge: return pad(of, paddings(widths), PadMode::edge);
    case Fill::reflect: return pad(of, paddings(widths), PadMode::reflect);
    case Fill::wrap: return pad(of, paddings(widths), PadMode::wrap);
    default: return pad(of, paddings(widths), value);
  }
}

constexpr Choice<Ties> ties{"ties", {{{"share", Ties::share}, {"first", Ties::first}}}};
constexpr Choice<bool> sorted_part{"part", {{{"values", false}, {"indices", true}}}};

FunctionTable all_functions() {
  FunctionTable all;
  // sums and what is like them
  all["sum"] = adapted(sum, x, all_axes, keepdims);
  all["mean"] = adapted(mean, x, all_axes, keepdims);
  all["amax"] = adapted(amax, x, all_axes, keepdims, ties);
  all["amin"] = adapted(amin, x, all_axes, keepdims, ties);
  all["prod"] = adapted(prod, x, all_axes, keepdims);
  all["logsumexp"] = adapted(logsumexp, x, all_axes, keepdims);
  all["argmax"] = adapted(argmax, x, all_axes, keepdims);
  all["argmin"] = adapted(argmin, x, all_axes, keepdims);
  all["var"] = adapted([](const Operand& of, const Axes& axes, bool keep,
                          std::int64_t ddof) { return var(of, axes, keep, ddof); },
                       x, all_axes, keepdims, Integer{"ddof", 0});
  all["stddev"] = adapted([](const Operand& of, const Axes& axes, bool keep,
                             std::int64_t ddof) { return stddev(of, axes, keep, ddof); },
                          x, all_axes, keepdims, Integer{"ddof", 0});
  all["norm"] = adapted(norm, x,
                        Choice<Norm>{"kind",
                                     {{{"two", Norm::two},
                                       {"one", Norm::one},
                                       {"inf", Norm::inf},
                                       {"frobenius", Norm::frobenius}}}},
                        all_axes, keepdims);
  all["cumsum"] = adapted(
      [](const Operand& of, std::int64_t on, bool exclusive, bool reverse) {
        return cumsum(of, on, {exclusive, reverse});
      },
      x, axis, Flag{"exclusive"}, Flag{"reverse"});
  all["cumprod"] = adapted(
      [](const Operand& of, std::int64_t on, bool exclusive, bool reverse) {
        return cumprod(of, on, {exclusive, reverse});
      },
      x, axis, Flag{"exclusive"}, Flag{"reverse"});
  all["linear_recurrence"] = adapted(linear_recurrence, a, b, axis, Flag{"reverse"});
  all["softmax"] = adapted(softmax, x, last_axis);
  all["log_softmax"] = adapted(log_softmax, x, last_axis);
  all["softmin"] = adapted(softmin, x, last_axis);
  all["sparsemax"] = adapted(sparsemax, x, last_axis);
  // order
  all["argsort"] = adapted(argsort, x, last_axis, Flag{"descending"});
  all["sort"] = adapted([](const Operand& of, std::int64_t on, bool descending,
                           bool indices) { return chosen(sort(of, on, descending), indices); },
                        x, last_axis, Flag{"descending"}, sorted_part);
  all["topk"] = adapted([](const Operand& of, std::int64_t count, std::int64_t on, bool largest,
                           bool indices) { return chosen(topk(of, count, on, largest), indices); },
                        x, Integer{"k"}, last_axis, Flag{"largest", true}, sorted_part);
  // shapes
  all["reshape"] = adapted([](const Operand& of, const auto& to) { return reshape(of, sizes(to)); },
                           x, Integers{"shape"});
  all["broadcast_to"] =
      adapted([](const Operand& of, const auto& to) { return broadcast_to(of, shape_of(to)); }, x,
              Integers{"shape"});
  all["transpose"] = adapted(transpose, x, all_axes);
  all["permute"] = adapted(transpose, x, all_axes);
  all["squeeze"] = adapted(squeeze, x, all_axes);
  all["expand_dims"] = adapted(expand_dims, x, all_axes);
  all["flip"] = adapted(flip, x, all_axes);
  all["roll"] =
      adapted([](const Operand& of, std::int64_t by, std::int64_t on) { return roll(of, by, on); },
              x, Integer{"shift"}, axis);
  all["tile"] =
      adapted([](const Operand& of,
                 const auto& times) { return tile(of, std::span<const std::int64_t>(times)); },
              x, Integers{"times"});
  all["repeat"] = adapted(repeat, x, Integer{"times"}, axis);
  all["concat"] = adapted([](const std::vector<Operand>& parts,
                             std::int64_t on) { return concat(std::span(parts), on); },
                          Several{"a, b, ..."}, Integer{"axis", 0});
  all["stack"] = adapted([](const std::vector<Operand>& parts,
                            std::int64_t on) { return stack(std::span(parts), on); },
                         Several{"a, b, ..."}, Integer{"axis", 0});
  all["slice"] =
      adapted([](const Operand& of, const auto& rows) { return slice(of, slices(rows)); }, x,
              Rows{"slices", 2, 3});
  all["slice_into"] =
      adapted([](const Operand& g, const auto& shape,
                 const auto& rows) { return slice_into(g, shape_of(shape), slices(rows)); },
              Value{"g"}, Integers{"shape"}, Rows{"slices", 2, 3});
  all["pad"] = adapted(padded, x, Rows{"widths", 2, 2}, Real{"value", 0.0},
                       Choice<Fill>{"mode",
                                    {{{"value", Fill::zero},
                                      {"edge", Fill::edge},
                                      {"reflect", Fill::reflect},
                                      {"wrap", Fill::wrap}}}});
  // places
  all["take"] = adapted(take, x, Whole{"indices"}, axis);
  all["take_add"] = adapted(take_add, Value{"g"}, Whole{"indices"}, axis, Integer{"size"});
  all["gather"] = adapted(gather, x, Whole{"indices"}, axis);
  all["scatter_add"] = adapted([](const Operand& g, const Operand& indices, std::int64_t on,
                                  std::int64_t size) { return scatter_add(g, indices, on, size); },
                               Value{"g"}, Whole{"indices"}, axis, Integer{"size"});
  all["one_hot"] =
      adapted([](const Operand& labels, std::int64_t classes) { return one_hot(labels, classes); },
              Whole{"labels"}, Integer{"classes"});
  all["masked_fill"] = adapted(masked_fill, x, Condition{"mask"}, Value{"value"});
  all["cast"] = adapted(cast, x,
                        Choice<DType>{"dtype",
                                      {{{"float64", DType::float64},
                                        {"float32", DType::float32},
                                        {"int64", DType::int64},
                                        {"bool", DType::boolean}}}});
  // matrices
  all["tril"] = adapted(tril, x, k);
  all["triu"] = adapted(triu, x, k);
  all["diagonal"] = adapted(diagonal, x, k);
  all["diagonal_into"] = adapted(diagonal_into, Value{"g"}, Integer{"rows"}, Integer{"columns"}, k);
  all["diag"] = adapted(diag, x, k);
  all["trace"] = adapted(trace, x, k);
  all["matmul"] = adapted(matmul, a, b);
  all["matmul_add"] = adapted(matmul_add, Value{"c"}, a, b);
  all["outer"] = adapted(outer, a, b);
  all["dot"] = adapted(dot, a, b);
  all["solve"] = adapted(solve, a, b);
  all["triangular_solve"] = adapted(
      [](const Operand& of, const Operand& right, bool lower, bool transposed, bool unit) {
        return triangular_solve(of, right, {lower, transposed, unit});
      },
      a, b, Flag{"lower", true}, Flag{"transposed"}, Flag{"unit_diagonal"});
  all["pinv"] = adapted(pinv, a, Real{"cutoff", -1.0});
  all["lstsq"] = adapted(lstsq, a, b, Real{"cutoff", -1.0});
  all["over_gaps"] = adapted(over_gaps, Value{"m"}, a, b, Flag{"skip_diagonal"});
  all["slogdet"] = adapted(
      [](const Operand& of, Var SlogDetResult::*part) { return slogdet(of).*part; }, a,
      Choice<Var SlogDetResult::*>{
          "part", {{{"logabsdet", &SlogDetResult::logabsdet}, {"sign", &SlogDetResult::sign}}}});
  all["eigh"] =
      adapted([](const Operand& of, Var EighResult::*part) { return eigh(of).*part; }, a,
              Choice<Var EighResult::*>{
                  "part", {{{"values", &EighResult::values}, {"vectors", &EighResult::vectors}}}});
  all["svd"] =
      adapted([](const Operand& of, Var SvdResult::*part) { return svd(of).*part; }, a,
              Choice<Var SvdResult::*>{
                  "part", {{{"s", &SvdResult::s}, {"u", &SvdResult::u}, {"vt", &SvdResult::vt}}}});
  all["qr"] =
      adapted([](const Operand& of, Var QrResult::*part) { return qr(of).*part; }, a,
              Choice<Var QrResult::*>{"part", {{{"r", &QrResult::r}, {"q", &QrResult::q}}}});
  all["polygamma"] = adapted(
      [](std::int64_t n, const Operand& of) { return polygamma(static_cast<double>(n), of); },
      Integer{"n"}, x);
  return all;
}

}  // namespace

const FunctionTable& structured_functions() {
  static const FunctionTable all = all_functions();
  return all;
}

}  // namespace tapewise::lessons

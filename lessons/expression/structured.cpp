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

const Choice<Ties> ties{"ties", {{"share", Ties::share}, {"first", Ties::first}}};
const Choice<bool> sorted_part{"part", {{"values", false}, {"indices", true}}};

}  // namespace

const FunctionTable& structured_functions() {
  static const FunctionTable all = {
      // sums and what is like them
      {"sum", adapted(sum, x, all_axes, keepdims)},
      {"mean", adapted(mean, x, all_axes, keepdims)},
      {"amax", adapted(amax, x, all_axes, keepdims, ties)},
      {"amin", adapted(amin, x, all_axes, keepdims, ties)},
      {"prod", adapted(prod, x, all_axes, keepdims)},
      {"logsumexp", adapted(logsumexp, x, all_axes, keepdims)},
      {"argmax", adapted(argmax, x, all_axes, keepdims)},
      {"argmin", adapted(argmin, x, all_axes, keepdims)},
      {"var", adapted([](const Operand& of, const Axes& axes, bool keep,
                         std::int64_t ddof) { return var(of, axes, keep, ddof); },
                      x, all_axes, keepdims, Integer{"ddof", 0})},
      {"stddev", adapted([](const Operand& of, const Axes& axes, bool keep,
                            std::int64_t ddof) { return stddev(of, axes, keep, ddof); },
                         x, all_axes, keepdims, Integer{"ddof", 0})},
      {"norm", adapted(norm, x,
                       Choice<Norm>{"kind",
                                    {{"two", Norm::two},
                                     {"one", Norm::one},
                                     {"inf", Norm::inf},
                                     {"frobenius", Norm::frobenius}}},
                       all_axes, keepdims)},
      {"cumsum", adapted([](const Operand& of, std::int64_t on, bool exclusive,
                            bool reverse) { return cumsum(of, on, {exclusive, reverse}); },
                         x, axis, Flag{"exclusive"}, Flag{"reverse"})},
      {"cumprod", adapted([](const Operand& of, std::int64_t on, bool exclusive,
                             bool reverse) { return cumprod(of, on, {exclusive, reverse}); },
                          x, axis, Flag{"exclusive"}, Flag{"reverse"})},
      {"linear_recurrence", adapted(linear_recurrence, a, b, axis, Flag{"reverse"})},
      {"softmax", adapted(softmax, x, last_axis)},
      {"log_softmax", adapted(log_softmax, x, last_axis)},
      {"softmin", adapted(softmin, x, last_axis)},
      {"sparsemax", adapted(sparsemax, x, last_axis)},
      // order
      {"argsort", adapted(argsort, x, last_axis, Flag{"descending"})},
      {"sort", adapted([](const Operand& of, std::int64_t on, bool descending,
                          bool indices) { return chosen(sort(of, on, descending), indices); },
                       x, last_axis, Flag{"descending"}, sorted_part)},
      {"topk",
       adapted([](const Operand& of, std::int64_t count, std::int64_t on, bool largest,
                  bool indices) { return chosen(topk(of, count, on, largest), indices); },
               x, Integer{"k"}, last_axis, Flag{"largest", true}, sorted_part)},
      // shapes
      {"reshape", adapted([](const Operand& of, const auto& to) { return reshape(of, sizes(to)); },
                          x, Integers{"shape"})},
      {"broadcast_to", adapted([](const Operand& of,
                                  const auto& to) { return broadcast_to(of, shape_of(to)); },
                               x, Integers{"shape"})},
      {"transpose", adapted(transpose, x, all_axes)},
      {"permute", adapted(transpose, x, all_axes)},
      {"squeeze", adapted(squeeze, x, all_axes)},
      {"expand_dims", adapted(expand_dims, x, all_axes)},
      {"flip", adapted(flip, x, all_axes)},
      {"roll", adapted([](const Operand& of, std::int64_t by,
                          std::int64_t on) { return roll(of, by, on); },
                       x, Integer{"shift"}, axis)},
      {"tile",
       adapted([](const Operand& of,
                  const auto& times) { return tile(of, std::span<const std::int64_t>(times)); },
               x, Integers{"times"})},
      {"repeat", adapted(repeat, x, Integer{"times"}, axis)},
      {"concat", adapted([](const std::vector<Operand>& parts,
                            std::int64_t on) { return concat(std::span(parts), on); },
                         Several{"a, b, ..."}, Integer{"axis", 0})},
      {"stack", adapted([](const std::vector<Operand>& parts,
                           std::int64_t on) { return stack(std::span(parts), on); },
                        Several{"a, b, ..."}, Integer{"axis", 0})},
      {"slice", adapted([](const Operand& of, const auto& rows) { return slice(of, slices(rows)); },
                        x, Rows{"slices", 2, 3})},
      {"slice_into", adapted([](const Operand& g, const auto& shape, const auto& rows) {
                               return slice_into(g, shape_of(shape), slices(rows));
                             },
                             Value{"g"}, Integers{"shape"}, Rows{"slices", 2, 3})},
      {"pad", adapted(padded, x, Rows{"widths", 2, 2}, Real{"value", 0.0},
                      Choice<Fill>{"mode",
                                   {{"value", Fill::zero},
                                    {"edge", Fill::edge},
                                    {"reflect", Fill::reflect},
                                    {"wrap", Fill::wrap}}})},
      // places
      {"take", adapted(take, x, Whole{"indices"}, axis)},
      {"take_add", adapted(take_add, Value{"g"}, Whole{"indices"}, axis, Integer{"size"})},
      {"gather", adapted(gather, x, Whole{"indices"}, axis)},
      {"scatter_add",
       adapted([](const Operand& g, const Operand& indices, std::int64_t on,
                  std::int64_t size) { return scatter_add(g, indices, on, size); },
               Value{"g"}, Whole{"indices"}, axis, Integer{"size"})},
      {"one_hot", adapted([](const Operand& labels,
                             std::int64_t classes) { return one_hot(labels, classes); },
                          Whole{"labels"}, Integer{"classes"})},
      {"masked_fill", adapted(masked_fill, x, Condition{"mask"}, Value{"value"})},
      {"cast", adapted(cast, x,
                       Choice<DType>{"dtype",
                                     {{"float64", DType::float64},
                                      {"float32", DType::float32},
                                      {"int64", DType::int64},
                                      {"bool", DType::boolean}}})},
      // matrices
      {"tril", adapted(tril, x, k)},
      {"triu", adapted(triu, x, k)},
      {"diagonal", adapted(diagonal, x, k)},
      {"diagonal_into",
       adapted(diagonal_into, Value{"g"}, Integer{"rows"}, Integer{"columns"}, k)},
      {"diag", adapted(diag, x, k)},
      {"trace", adapted(trace, x, k)},
      {"outer", adapted(outer, a, b)},
      {"dot", adapted(dot, a, b)},
      {"solve", adapted(solve, a, b)},
      {"triangular_solve",
       adapted([](const Operand& of, const Operand& right, bool lower, bool transposed,
                  bool unit) { return triangular_solve(of, right, {lower, transposed, unit}); },
               a, b, Flag{"lower", true}, Flag{"transposed"}, Flag{"unit_diagonal"})},
      {"pinv", adapted(pinv, a, Real{"cutoff", -1.0})},
      {"lstsq", adapted(lstsq, a, b, Real{"cutoff", -1.0})},
      {"over_gaps", adapted(over_gaps, Value{"m"}, a, b, Flag{"skip_diagonal"})},
      {"slogdet", adapted([](const Operand& of,
                             Var SlogDetResult::*part) { return slogdet(of).*part; },
                          a,
                          Choice<Var SlogDetResult::*>{
                              "part",
                              {{"logabsdet", &SlogDetResult::logabsdet},
                               {"sign", &SlogDetResult::sign}}})},
      {"eigh", adapted([](const Operand& of, Var EighResult::*part) { return eigh(of).*part; }, a,
                       Choice<Var EighResult::*>{"part",
                                                 {{"values", &EighResult::values},
                                                  {"vectors", &EighResult::vectors}}})},
      {"svd", adapted([](const Operand& of, Var SvdResult::*part) { return svd(of).*part; }, a,
                      Choice<Var SvdResult::*>{"part",
                                               {{"s", &SvdResult::s},
                                                {"u", &SvdResult::u},
                                                {"vt", &SvdResult::vt}}})},
      {"qr", adapted([](const Operand& of, Var QrResult::*part) { return qr(of).*part; }, a,
                     Choice<Var QrResult::*>{"part", {{"r", &QrResult::r}, {"q", &QrResult::q}}})},
      {"polygamma", adapted([](std::int64_t n, const Operand& of) {
                              return polygamma(static_cast<double>(n), of);
                            },
                            Integer{"n"}, x)},
  };
  return all;
}

}  // namespace tapewise::lessons

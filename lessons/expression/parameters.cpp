#include <tapewise/lessons/expression/parameters.hpp>

namespace tapewise::lessons::parameters {

std::string written(std::string_view names, std::string_view otherwise) {
  std::string text = first_spelling(names);
  if (!otherwise.empty()) text += "=" + std::string(otherwise);
  return text;
}

namespace {

Operand cast_unless(bool right, const Operand& x, DType to, SourceLine where) {
  return right ? x : Operand(cast(x, to), where);
}

}  // namespace

Operand Whole::read(Arguments& in) const {
  const Operand x = in.operand(names);
  return cast_unless(!is_float(x.var().dtype()), x, DType::int64, in.where());
}

Operand Condition::read(Arguments& in) const {
  const Operand x = in.operand(names);
  return cast_unless(x.var().dtype() == DType::boolean, x, DType::boolean, in.where());
}

Var Optional::read(Arguments& in) const {
  const Argument* a = in.next(names);
  if (a == nullptr) return {};
  if (!a->var) throw in.error("expected an array for " + first_spelling(names));
  return *a->var;
}

std::vector<Operand> Several::read(Arguments& in) const { return in.operands(); }

std::uint64_t Seed::read(Arguments& in) const {
  const std::int64_t seed = in.integer(names, {});
  if (seed < 0) throw in.error("expected a whole number from 0 for " + first_spelling(names));
  return static_cast<std::uint64_t>(seed);
}

bool Flag::read(Arguments& in) const {
  const Argument* a = in.next(names);
  if (a == nullptr) return otherwise;
  if (a->word == "true" || (a->number && *a->number == 1)) return true;
  if (a->word == "false" || (a->number && *a->number == 0)) return false;
  throw in.error("expected true or false for " + first_spelling(names));
}

Axes AxesOf::read(Arguments& in) const {
  const auto given = in.integers("axis|axes");
  if (given) return Axes(std::span<const std::int64_t>(*given));
  return otherwise ? Axes(*otherwise) : Axes();
}

std::vector<std::int64_t> Integers::read(Arguments& in) const {
  auto given = in.integers(names);
  if (!given) throw in.error("expected whole numbers for " + first_spelling(names));
  return *given;
}

std::vector<std::vector<std::int64_t>> Rows::read(Arguments& in) const {
  const Argument& a = in.required(names);
  const std::size_t length = a.rows == 0 ? 0 : a.list.size() / a.rows;
  if (length < least || length > most) {
    throw in.error("expected rows of " + std::to_string(least) +
                   (most > least ? " to " + std::to_string(most) : "") + " whole numbers for " +
                   first_spelling(names) + ", [[0, 2], [1, 3]] say");
  }
  std::vector<std::vector<std::int64_t>> rows;
  for (std::size_t k = 0; k < a.list.size(); k += length) {
    const auto begin = a.list.begin() + static_cast<std::ptrdiff_t>(k);
    rows.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(length));
  }
  return rows;
}

Pair PairOf::read(Arguments& in) const {
  const auto given = in.integers(names);
  if (!given && otherwise) return *otherwise;
  if (!given || given->size() > 2) {
    throw in.error("expected one number or [rows, columns] for " + first_spelling(names));
  }
  Pair pair = given->front();
  pair.columns = given->back();
  return pair;
}

LossOptions Loss::read(Arguments& in) const {
  const Choice<Reduction> reduction{
      "reduction",
      {{"mean", Reduction::mean}, {"sum", Reduction::sum}, {"none", Reduction::none}}};
  LossOptions options;
  options.reduction = reduction.read(in);
  options.factor = in.number("factor", 1.0);
  return options;
}

}  // namespace tapewise::lessons::parameters

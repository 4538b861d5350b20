#include <tapewise/lessons/expression/parameters.hpp>

namespace tapewise::lessons::parameters {

void append(std::string& list, std::string_view names, std::string_view otherwise) {
  if (!list.empty()) list += ", ";
  list += names.substr(0, names.find('|'));
  if (!otherwise.empty()) (list += '=') += otherwise;
}

Operand Value::read(Arguments& in) const { return in.operand(names); }
void Value::write(std::string& list) const { append(list, names); }

Operand as_whole(const Operand& x, std::string_view name) {
  const Var v = x.var();
  if (!is_float(v.dtype())) return x;
  if (v.op().traits.leaf) {  // numbers that were given
    for (std::int64_t i = 0; i < v.type().size(); ++i) {
      const double one = number_at(v.dtype(), v.data(), i);
      if (!is_whole(one)) {
        throw CallError(std::string(name) + " are whole numbers, given " + to_text(one));
      }
    }
  }
  return {cast(x, DType::int64), x.where()};
}

Operand Whole::read(Arguments& in) const {
  return as_whole(in.operand(names), first_spelling(names));
}
void Whole::write(std::string& list) const { append(list, names); }

Operand Condition::read(Arguments& in) const {
  const Operand x = in.operand(names);
  return x.var().dtype() == DType::boolean ? x : Operand(cast(x, DType::boolean), in.where());
}
void Condition::write(std::string& list) const { append(list, names); }

Var Optional::read(Arguments& in) const {
  const Argument* a = in.next(names);
  if (a == nullptr) return {};
  if (!a->var) throw in.error("expected an array for " + first_spelling(names), *a);
  return *a->var;
}
void Optional::write(std::string& list) const { append(list, names, "none"); }

std::vector<Operand> Several::read(Arguments& in) const { return in.operands(); }
void Several::write(std::string& list) const { append(list, names); }

double Real::read(Arguments& in) const { return in.number(names, otherwise); }
void Real::write(std::string& list) const {
  append(list, names, otherwise ? to_text(*otherwise) : "");
}

namespace {

std::string text_of(const std::optional<std::int64_t>& number) {
  return number ? std::to_string(*number) : "";
}

}  // namespace

std::int64_t Integer::read(Arguments& in) const { return in.integer(names, otherwise); }
void Integer::write(std::string& list) const { append(list, names, text_of(otherwise)); }

std::uint64_t Seed::read(Arguments& in) const {
  const std::int64_t seed = in.integer(names, {});
  if (seed < 0) throw in.error("expected a whole number from 0 for " + first_spelling(names));
  return static_cast<std::uint64_t>(seed);
}
void Seed::write(std::string& list) const { append(list, names); }

bool Flag::read(Arguments& in) const {
  const Argument* a = in.next(names);
  if (a == nullptr) return otherwise;
  if (a->word == "true" || (a->number && *a->number == 1)) return true;
  if (a->word == "false" || (a->number && *a->number == 0)) return false;
  throw in.error("expected true or false for " + first_spelling(names), *a);
}
void Flag::write(std::string& list) const { append(list, names, otherwise ? "true" : "false"); }

Axes AxesOf::read(Arguments& in) const {
  const auto given = in.integers("axis|axes");
  if (given) return Axes(std::span<const std::int64_t>(*given));
  return otherwise ? Axes(*otherwise) : Axes();
}
void AxesOf::write(std::string& list) const {
  append(list, "axis", otherwise ? text_of(otherwise) : "all");
}

std::vector<std::int64_t> Integers::read(Arguments& in) const {
  auto given = in.integers(names);
  if (!given) throw in.error("expected whole numbers for " + first_spelling(names));
  return *given;
}
void Integers::write(std::string& list) const { append(list, names); }

std::vector<std::vector<std::int64_t>> Rows::read(Arguments& in) const {
  const Argument& a = in.required(names);
  const std::size_t length = a.rows == 0 ? 0 : a.list.size() / a.rows;
  if (length < least || length > most) {
    throw in.error("expected rows of " + std::to_string(least) +
                       (most > least ? " to " + std::to_string(most) : "") + " whole numbers for " +
                       first_spelling(names) + ", [[0, 2], [1, 3]] say",
                   a);
  }
  std::vector<std::vector<std::int64_t>> rows;
  for (std::size_t k = 0; k < a.list.size(); k += length) {
    const auto begin = a.list.begin() + static_cast<std::ptrdiff_t>(k);
    rows.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(length));
  }
  return rows;
}
void Rows::write(std::string& list) const { append(list, names); }

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
void PairOf::write(std::string& list) const { append(list, names, text_of(otherwise)); }

std::size_t read_word(Arguments& in, std::string_view names,
                      std::span<const std::string_view> words) {
  const Argument* a = in.next(names);
  if (a == nullptr) return 0;
  std::string known;
  for (std::size_t k = 0; k < words.size() && !words[k].empty(); ++k) {
    if (a->word == words[k]) return k;
    (known += known.empty() ? "" : ", ") += words[k];
  }
  throw in.error("expected one of " + known + " for " + first_spelling(names), *a);
}

namespace {

constexpr Choice<Reduction> reduction{
    "reduction", {{{"mean", Reduction::mean}, {"sum", Reduction::sum}, {"none", Reduction::none}}}};

}  // namespace

LossOptions Loss::read(Arguments& in) const {
  LossOptions options;
  options.reduction = reduction.read(in);
  options.factor = in.number("factor", 1.0);
  return options;
}
void Loss::write(std::string& list) const {
  reduction.write(list);
  append(list, "factor", "1");
}

}  // namespace tapewise::lessons::parameters

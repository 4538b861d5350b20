#include <tapewise/lessons/expression/arguments.hpp>

#include <algorithm>
#include <cmath>
#include <tapewise/lessons/expression/functions.hpp>

namespace tapewise::lessons {

namespace {

bool is_one_of(std::string_view word, std::string_view names) {
  while (!names.empty()) {
    const std::size_t bar = std::min(names.find('|'), names.size());
    if (names.substr(0, bar) == word) return true;
    names.remove_prefix(std::min(bar + 1, names.size()));
  }
  return false;
}

}  // namespace

bool is_whole(double x) { return std::abs(x) <= 0x1p53 && x == std::nearbyint(x); }

std::string no_value(const std::string& name) {
  if (function_call(name).empty()) {
    return "\"" + name + "\" has no value: give " + name + "=... after the expression";
  }
  return "\"" + name + "\" is a function: write " + name + "(...)";
}

std::string first_spelling(std::string_view names) {
  return std::string(names.substr(0, names.find('|')));
}

std::size_t Arguments::unnamed() const {
  return static_cast<std::size_t>(std::count_if(
      given_.begin(), given_.end(), [](const Argument& a) { return a.keyword.empty(); }));
}

const Argument* Arguments::next(std::string_view names) {
  const Argument* found = nullptr;
  const std::size_t place = place_++;
  if (place < given_.size() && given_[place].keyword.empty()) found = &given_[place];
  for (const Argument& a : given_) {
    if (a.keyword.empty() || !is_one_of(a.keyword, names)) continue;
    if (found != nullptr) throw error(first_spelling(names) + " is given twice", a);
    found = &a;
  }
  if (found != nullptr) used_.insert(found);
  return found;
}

const Argument& Arguments::required(std::string_view names) {
  const Argument* a = next(names);
  if (a == nullptr) {
    throw error(std::string("expected ") + (place_ == 1 ? "an" : "another") + " argument, " +
                first_spelling(names));
  }
  return *a;
}

Operand Arguments::as_operand(const Argument& a, std::string_view names) const {
  if (a.var) return {*a.var, where_};
  if (a.number) return {tape_.constant(*a.number, {}, where_), where_};
  if (a.word.empty()) throw error("expected a value for " + first_spelling(names), a);
  throw CallError(no_value(a.word), a);
}

Operand Arguments::operand(std::string_view names) { return as_operand(required(names), names); }

std::vector<Operand> Arguments::operands() {
  std::vector<Operand> all;
  while (place_ < given_.size() && given_[place_].keyword.empty()) {
    all.push_back(operand("value"));
  }
  return all;
}

double Arguments::number(std::string_view names, std::optional<double> otherwise) {
  const Argument* a = otherwise ? next(names) : &required(names);
  if (a == nullptr) return *otherwise;
  if (!a->number) throw error("expected a number for " + first_spelling(names), *a);
  return *a->number;
}

std::int64_t Arguments::integer(std::string_view names, std::optional<std::int64_t> otherwise) {
  const Argument* a = otherwise ? next(names) : &required(names);
  if (a == nullptr) return *otherwise;
  if (!a->number || !is_whole(*a->number)) {
    throw error("expected a whole number for " + first_spelling(names), *a);
  }
  return static_cast<std::int64_t>(*a->number);
}

std::optional<std::vector<std::int64_t>> Arguments::integers(std::string_view names) {
  const Argument* a = next(names);
  if (a == nullptr) return {};
  const std::vector<double> all = a->number ? std::vector{*a->number} : a->list;
  if (all.empty() || a->rows > 0 || !std::all_of(all.begin(), all.end(), is_whole)) {
    throw error("expected whole numbers for " + first_spelling(names), *a);
  }
  return std::vector<std::int64_t>(all.begin(), all.end());
}

void Arguments::require_all_used() const {
  for (std::size_t k = 0; k < given_.size(); ++k) {
    if (used_.contains(&given_[k])) continue;
    throw error(given_[k].keyword.empty() ? "takes fewer arguments, argument " +
                                                std::to_string(k + 1) + " is one too many"
                                          : "has no argument \"" + given_[k].keyword + "\"",
                given_[k]);
  }
}

}  // namespace tapewise::lessons

#include <tapewise/ops/composite.hpp>
#include <tapewise/ops/kink.hpp>

namespace tapewise {

std::string_view name_of(Subgradient choice) {
  switch (choice) {
    case Subgradient::left: return "left";
    case Subgradient::right: return "right";
    case Subgradient::middle: return "middle";
    case Subgradient::inner: return "inner";
    default: return "outer";
  }
}

std::string subgradient_text(Subgradient choice, Subgradient usual) {
  return choice == usual ? std::string() : "subgradient=" + std::string(name_of(choice));
}

std::string join_text(std::string a, const std::string& b) {
  if (!a.empty() && !b.empty()) a += ' ';
  return a += b;
}

std::string refuse_two_kinks(Subgradient choice) {
  if (choice != Subgradient::inner && choice != Subgradient::outer) return {};
  return "has one kink: wanted Subgradient::left, right or middle, given " +
         std::string(name_of(choice));
}

void require_one_kink(const Composing& op, Subgradient choice) {
  if (const std::string refusal = refuse_two_kinks(choice); !refusal.empty()) {
    throw op.domain_error(refusal);
  }
}

}  // namespace tapewise

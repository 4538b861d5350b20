#include <algorithm>
#include <tapewise/autograd/huge_pages.hpp>
#include <tapewise/autograd/passes/build.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;

/// Turns the members of a scalar unit into byte-code.
class CodeBuilder {
 public:
  CodeBuilder(const Draft& draft, const Units& units, const Units::Unit& unit,
              const Placement& placement)
      : draft_(draft), units_(units), unit_(unit), placement_(placement) {}

  BuiltScalars run() {
    list_loads();
    code_.nodes = unit_.end - unit_.begin;
    reserve_huge(code_.code, code_.nodes + 1);
    RangesFrom vectors(units_.vectors, unit_.begin), sums(units_.sums, unit_.begin);
    for (std::uint32_t at = unit_.begin; at < unit_.end;) {
      if (const Units::Range* range = vectors.at(at)) {
        add_vector(*range);
        at = range->end;
      } else if (const Units::Range* sum = sums.at(at)) {
        add_sum(*sum);
        at = sum->end;
      } else {
        add(units_.members[at++]);
      }
    }
    code_.code.push_back({ScalarCode::end, 0, 0, 0});
    finish(code_, draft_.simd);
    return {std::make_unique<ScalarCode>(std::move(code_)), std::move(outside_)};
  }

 private:
  std::uint32_t slot_of(DraftId operand) const {
    const DraftId memory = draft_.memory_of(operand);
    const Place& place = placement_.places[memory];
    return place.kind == Place::Kind::arena ? static_cast<std::uint32_t>(place.at / 8)
                                            : placement_.load_slots[memory];
  }

  void list_loads() {
    std::vector<DraftId> outside;
    const auto make_distinct = [&] {
      std::sort(outside.begin(), outside.end());
      outside.erase(std::unique(outside.begin(), outside.end()), outside.end());
    };
    std::size_t enough = 64;  // mostly the same few are read again and again
    for (const DraftId id : units_.members_of(unit_)) {
      for (const DraftId operand : draft_.operands_of(draft_.nodes[id])) {
        const DraftId memory = draft_.memory_of(operand);
        if (placement_.places[memory].kind == Place::Kind::arena) continue;
        outside.push_back(memory);
        if (outside.size() < enough) continue;
        make_distinct();
        enough = 64 + 2 * outside.size();
      }
    }
    make_distinct();
    for (const DraftId memory : outside) {
      code_.loads.push_back({placement_.load_slots[memory],
                             static_cast<std::uint32_t>(outside_.size()),
                             static_cast<std::uint32_t>(draft_.bytes_of(draft_.nodes[memory]))});
      outside_.push_back(memory);
    }
  }

  /// The number type that the rule computes in: that of the first number among result and operands.
  DType number_of(const DraftNode& node) const {
    const DType dtype = draft_.type_of(node).dtype;
    return dtype == DType::boolean ? draft_.type_of(draft_.nodes[draft_.operands_of(node)[0]]).dtype
                                   : dtype;
  }

  std::uint32_t attribute_of(const DraftNode& node) {
    const auto at = static_cast<std::uint32_t>(code_.attributes.size());
    const std::size_t words = (node.op->attribute_bytes + 7) / 8;
    code_.attributes.resize(at + words);
    if (words > 0) {
      std::memcpy(code_.attributes.data() + at, draft_.attribute_of(node),
                  node.op->attribute_bytes);
    }
    return at;
  }

  void add(DraftId id) {
    const DraftNode& node = draft_.nodes[id];
    const auto operands = draft_.operands_of(node);
    ScalarInstruction instruction;
    instruction.op = node.op->scalar_opcode == nullptr ? std::uint32_t{ScalarCode::call}
                                                       : node.op->scalar_opcode(number_of(node));
    instruction.out = slot_of(id);
    instruction.a = slot_of(operands[0]);
    if (operands.size() > 1) instruction.b = slot_of(operands[1]);
    code_.code.push_back(instruction);
    const bool call = instruction.op == ScalarCode::call;
    if (!call && operands.size() < 3 && node.op->attribute_bytes == 0) return;
    ScalarCode::Extra extra;
    if (operands.size() > 2) extra.c = slot_of(operands[2]);
    extra.attribute = attribute_of(node);
    if (call) {
      extra.loop = code_.loops.size();
      code_.loops.push_back(node.op->element_loop(number_of(node), 0, true, draft_.simd));
    }
    ScalarInstruction word;
    std::memcpy(static_cast<void*>(&word), &extra, sizeof word);
    code_.code.push_back(word);
  }

  void add_vector(const Units::Range& range) {
    const DraftNode& first = draft_.nodes[units_.members[range.begin]];
    ScalarCode::Vector vector;
    vector.count = range.end - range.begin;
    vector.out = slot_of(units_.members[range.begin]);
    vector.arity = first.operands_count;
    vector.attribute = attribute_of(first);
    unsigned repeated = 0;
    for (std::uint32_t k = 0; k < vector.arity; ++k) {
      if (add_operand(vector.in[k], range, k)) repeated |= 1U << k;
    }
    vector.loop = first.op->element_loop(DType::float64, repeated, false, draft_.simd);
    code_.code.push_back(
        {ScalarCode::vector, 0, static_cast<std::uint32_t>(code_.vectors.size()), 0});
    code_.vectors.push_back(vector);
  }

  void add_sum(const Units::Range& range) {
    const auto operands = [&](std::uint32_t at) {
      return draft_.operands_of(draft_.nodes[units_.members[at]]);
    };
    std::vector<std::uint32_t> terms;
    for (std::uint32_t at = range.begin; at < range.end; ++at) {
      terms.push_back(slot_of(operands(at)[1]));
    }
    std::sort(terms.begin(), terms.end());  // they are ready together: any order will do
    ScalarCode::Sum sum{terms.front(), range.end - range.begin, false};
    sum.gathered = std::adjacent_find(terms.begin(), terms.end(),
                                      [](auto a, auto b) { return b != a + 1; }) != terms.end();
    if (sum.gathered) {
      sum.first = static_cast<std::uint32_t>(code_.gathers.size());
      code_.gathers.insert(code_.gathers.end(), terms.begin(), terms.end());
    }
    code_.code.push_back({ScalarCode::sum, slot_of(units_.members[range.end - 1]),
                          slot_of(operands(range.begin)[0]),
                          static_cast<std::uint32_t>(code_.sums.size())});
    code_.sums.push_back(sum);
  }

  /// Returns whether the operand is one number for all.
  bool add_operand(ScalarCode::Vector::Operand& operand, const Units::Range& range,
                   std::uint32_t k) {
    bool same = true, neighbours = true;
    const auto slot = [&](std::uint32_t at) {
      return slot_of(draft_.operands_of(draft_.nodes[units_.members[at]])[k]);
    };
    operand.slot = slot(range.begin);
    for (std::uint32_t at = range.begin; at < range.end; ++at) {
      same = same && slot(at) == operand.slot;
      neighbours = neighbours && slot(at) == operand.slot + (at - range.begin);
    }
    if (same || neighbours) return same;
    operand.gathered = true;
    operand.gather = static_cast<std::uint32_t>(code_.gathers.size());
    for (std::uint32_t at = range.begin; at < range.end; ++at) code_.gathers.push_back(slot(at));
    return false;
  }

  const Draft& draft_;
  const Units& units_;
  const Units::Unit& unit_;
  const Placement& placement_;
  ScalarCode code_;
  std::vector<DraftId> outside_;
};

}  // namespace

BuiltScalars build_scalars(const Draft& draft, const Units& units, const Units::Unit& unit,
                           const Placement& placement) {
  return CodeBuilder(draft, units, unit, placement).run();
}

}  // namespace tapewise::passes

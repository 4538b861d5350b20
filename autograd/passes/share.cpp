#include <cstring>
#include <tapewise/autograd/leaves.hpp>
#include <tapewise/autograd/passes/passes.hpp>
#include <unordered_map>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;

std::size_t mix(std::size_t h, std::size_t x) { return (h ^ x) * 0x9E3779B97F4A7C15U; }

/// What makes two nodes equal. A folded node is compared by what it was folded from.
struct Same {
  const Draft& draft;

  std::size_t operator()(DraftId id) const {
    const DraftNode& node = draft.nodes[id];
    std::size_t h = mix(reinterpret_cast<std::size_t>(node.op), node.type);
    for (const DraftId operand : draft.operands_of(node)) h = mix(h, operand);
    for (std::size_t w = 0; w < words(node); ++w) h = mix(h, draft.attributes[node.attribute + w]);
    return h ^ (h >> 29U);
  }
  bool operator()(DraftId x, DraftId y) const {
    const DraftNode &a = draft.nodes[x], &b = draft.nodes[y];
    const auto of_a = draft.operands_of(a), of_b = draft.operands_of(b);
    return a.op == b.op && a.type == b.type &&
           std::equal(of_a.begin(), of_a.end(), of_b.begin(), of_b.end()) &&
           std::memcmp(draft.attribute_of(a), draft.attribute_of(b), words(a) * 8) == 0;
  }
  static std::size_t words(const DraftNode& node) { return (node.op->attribute_bytes + 7) / 8; }
};

bool may_be_shared(const Draft& draft, const DraftNode& node) {
  if (node.role == Role::compute) return true;
  // Constant arrays have an own cell each, so equal attributes mean equal numbers.
  return node.role == Role::constant && draft.type_of(node).size() > 0;
}

}  // namespace

void share(Draft& draft) {
  std::vector<DraftId> same_as(draft.nodes.size());
  std::unordered_map<DraftId, DraftId, Same, Same> first(draft.nodes.size(), Same{draft},
                                                         Same{draft});
  for (DraftId id = 0; id < draft.nodes.size(); ++id) {
    for (DraftId& operand : draft.operands_of(draft.nodes[id])) operand = same_as[operand];
    same_as[id] =
        may_be_shared(draft, draft.nodes[id]) ? first.try_emplace(id, id).first->second : id;
  }
  for (DraftId& output : draft.outputs) output = same_as[output];
}

}  // namespace tapewise::passes

#include <algorithm>
#include <bit>
#include <cstring>
#include <tapewise/autograd/leaves.hpp>
#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;

std::size_t mix(std::size_t h, std::size_t x) { return (h ^ x) * 0x9E3779B97F4A7C15U; }

/// What makes two nodes equal. A folded node is compared by what it was folded from.
struct Same {
  const Draft& draft;

  std::size_t hash(const DraftNode& node) const {
    std::size_t h = mix(reinterpret_cast<std::size_t>(node.op), node.type);
    for (const DraftId operand : draft.operands_of(node)) h = mix(h, operand);
    for (std::size_t w = 0; w < words(node); ++w) h = mix(h, draft.attributes[node.attribute + w]);
    return h ^ (h >> 29U);
  }
  bool equal(const DraftNode& a, const DraftNode& b) const {
    const auto of_a = draft.operands_of(a), of_b = draft.operands_of(b);
    return a.op == b.op && a.type == b.type &&
           std::equal(of_a.begin(), of_a.end(), of_b.begin(), of_b.end()) &&
           std::memcmp(draft.attribute_of(a), draft.attribute_of(b), words(a) * 8) == 0;
  }
  static std::size_t words(const DraftNode& node) { return (node.op->attribute_bytes + 7) / 8; }
};

/// Nodes by what they compute: a hash table with open addressing, as there can be millions. A node
/// is looked for near the place of its latest operand first, so that the table is gone through as
/// the draft is, and not at random; where many nodes read one operand, there is no room for all.
class Known {
 public:
  explicit Known(const Draft& draft)
      : same_{draft},
        ids_(draft.scratch_vector(std::bit_ceil(draft.nodes.size() * 3 / 2 + 2), none)),
        places_per_node_((std::uint64_t{ids_.size()} << fraction_bits) /
                         std::max<std::size_t>(draft.nodes.size(), 1)) {}

  /// The first node that equals this one: itself when there was none.
  DraftId first_of(DraftId id) {
    const DraftNode& node = same_.draft.nodes[id];
    const auto operands = same_.draft.operands_of(node);
    if (!operands.empty()) {
      const std::size_t latest = *std::max_element(operands.begin(), operands.end());
      const auto first = static_cast<std::size_t>(latest * places_per_node_ >> fraction_bits);
      for (std::size_t at = first; at < first + near; ++at) {
        if (const DraftId found = look_at(at, id); found != none) return found;
      }
    }
    // By steps of its own: what stands near its operands fills whole stretches of the table.
    const std::size_t hash = same_.hash(node), step = (hash >> 32U) | 1U;
    for (std::size_t at = hash;; at += step) {
      if (const DraftId found = look_at(at, id); found != none) return found;
    }
  }

 private:
  static constexpr std::size_t near = 8, fraction_bits = 16;
  static constexpr DraftId none = ~DraftId{0};

  /// An equal node at this place, or the node itself, put there, where it was empty; else none.
  DraftId look_at(std::size_t place, DraftId id) {
    DraftId& known = ids_[place & (ids_.size() - 1)];
    if (known == none) return known = id;
    const std::vector<DraftNode>& nodes = same_.draft.nodes;
    return same_.equal(nodes[id], nodes[known]) ? known : none;
  }

  Same same_;
  ScratchVector<DraftId> ids_;
  std::uint64_t places_per_node_;
};

bool may_be_shared(const Draft& draft, const DraftNode& node) {
  if (node.role == Role::compute) return true;
  // Constant arrays have an own cell each, so equal attributes mean equal numbers.
  return node.role == Role::constant && draft.type_of(node).size() > 0;
}

}  // namespace

void share(Draft& draft) {
  auto same_as = draft.scratch_vector<DraftId>(draft.nodes.size());
  Known known(draft);
  for (DraftId id = 0; id < draft.nodes.size(); ++id) {
    for (DraftId& operand : draft.operands_of(draft.nodes[id])) operand = same_as[operand];
    same_as[id] = may_be_shared(draft, draft.nodes[id]) ? known.first_of(id) : id;
  }
  for (DraftId& output : draft.outputs) output = same_as[output];
}

}  // namespace tapewise::passes

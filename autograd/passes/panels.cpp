#include <algorithm>
#include <tapewise/autograd/passes/build.hpp>

namespace tapewise::passes {

namespace {

/// Rows of a panel come to about this many bytes, and stay in the second cache.
constexpr std::int64_t panel_bytes = 1 << 20;
constexpr std::int64_t fewest_rows = 256, most_rows = 1024;
/// Of long sums per element, gemm itself takes most of the time, and blocks of its own.
constexpr double longest_sum = 256;

std::int64_t rows_at_once(std::int64_t row_bytes) {
  return std::clamp(panel_bytes / std::max<std::int64_t>(row_bytes, 1), fewest_rows, most_rows);
}

/// Whether a group walks through an operand from the first element to the last, once.
bool walks_through(const FusedGroup& group, const FusedGroup::External& external,
                   std::int64_t elements, std::int64_t element_bytes) {
  if (group.rows * group.columns != elements || !external.axes.empty()) return false;
  if (group.folds_across && group.columns > group.block_columns) return false;
  return external.column_bytes == element_bytes &&
         (group.rows == 1 || external.row_bytes == group.columns * element_bytes);
}

/// Two values in memory.
struct Span {
  Place place;
  std::size_t bytes;

  friend bool operator==(const Span& a, const Span& b) {
    return a.place.kind == b.place.kind && a.place.at == b.place.at && a.bytes == b.bytes;
  }
  bool meets(const Span& other) const {
    if (place.kind != other.place.kind) return false;
    if (place.kind != Place::Kind::arena) return place.at == other.place.at;
    return place.at < other.place.at + other.bytes && other.place.at < place.at + bytes;
  }
};

}  // namespace

std::unique_ptr<Panels> build_panels(const Draft& draft, const Placement& placement,
                                     DraftId product, const BuiltStep& built) {
  const DraftNode& node = draft.nodes[product];
  // The group may see the product in another shape, and in several.
  const auto is_product = [&](DraftId id) { return draft.memory_of(id) == product; };
  if (std::none_of(built.outside.begin(), built.outside.end(), is_product)) return nullptr;
  auto panels = std::make_unique<Panels>();
  panels->product = draft.kernel_of(node);
  const std::int64_t rows = panels->product.rows, elements = draft.type_of(node).size();
  if (panels->product.run_rows == nullptr || elements == 0) return nullptr;
  const auto bytes = static_cast<std::int64_t>(draft.bytes_of(node));
  panels->columns = elements / rows;
  panels->at_once = rows_at_once(bytes / rows);
  panels->operands = node.operands_count;
  panels->group = built.fused.get();
  if (rows < 4 * panels->at_once) return nullptr;
  if (panels->product.flops > 2 * longest_sum * static_cast<double>(elements)) return nullptr;
  const FusedGroup& group = *built.fused;
  for (std::size_t slot = 0; slot < built.outside.size(); ++slot) {
    if (!is_product(built.outside[slot])) continue;
    if (!walks_through(group, group.externals[slot], elements, bytes / elements)) return nullptr;
  }

  // The group writes before the product is done: row by row over what has been read, or
  // elsewhere; the last operand is read anew for each panel.
  const auto span = [&](DraftId id) {
    const DraftId memory = draft.memory_of(id);
    return Span{placement.places[memory], draft.bytes_of(draft.nodes[memory])};
  };
  const Span made = span(product);
  for (const FusedOp& op : group.ops) {
    if (op.out.slot >= group.externals.size()) continue;
    const Span result = span(built.outside[op.out.slot]);
    const auto harms = [&](const Span& other) { return result.meets(other) && result != other; };
    const auto operands = draft.operands_of(node);
    if (harms(made) || result.meets(span(operands.back()))) return nullptr;
    for (const DraftId operand : operands.first(operands.size() - 1)) {
      if (harms(span(operand))) return nullptr;
    }
  }
  // What the product has left in the cache is written over there.
  const auto is_over_product = [&](std::size_t result) {
    return result < built.outside.size() && span(built.outside[result]) == made;
  };
  for (FusedOp& op : built.fused->ops) {
    if (!is_over_product(op.out.slot)) continue;
    op.streamed = false;
    op.write_past(false);
  }
  std::erase_if(built.fused->past, is_over_product);
  std::erase_if(built.fused->streamed,
                [&](const FusedGroup::Streamed& s) { return is_over_product(s.external); });
  return panels;
}

}  // namespace tapewise::passes

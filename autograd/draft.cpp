#include <tapewise/autograd/draft.hpp>

#include <tapewise/autograd/huge_pages.hpp>

namespace tapewise {

std::shared_ptr<const Array> converted(const void* from, const Type& type, Numbers as) {
  const bool convert = as != Numbers::as_recorded && is_float(type.dtype);
  const DType complex_or_double = as == Numbers::complex128 ? DType::complex128 : DType::float64;
  auto array =
      std::make_shared<const Array>(Type{convert ? complex_or_double : type.dtype, type.shape});
  if (!convert) {
    std::memcpy(array->data(), from, type.bytes());
    return array;
  }
  for (std::int64_t i = 0; i < type.size(); ++i) {
    const double x = number_at(type.dtype, from, i);
    if (as == Numbers::complex128)
      array->as<Complex>()[i] = x;
    else
      array->as<double>()[i] = x;
  }
  return array;
}

std::size_t Draft::bytes_of(const Type& type) const {
  const bool complex = numbers == Numbers::complex128 && is_float(type.dtype);
  return static_cast<std::size_t>(type.size()) * size_of(complex ? DType::complex128 : type.dtype);
}

DraftId Draft::behind_aliases(DraftId id) const {
  while (nodes[id].role == DraftNode::Role::compute && nodes[id].alias) {
    id = operands_of(nodes[id])[0];
  }
  return id;
}

void Draft::reorder(std::span<const DraftId> order) {
  auto position = scratch_vector<DraftId>(order.size());
  std::vector<DraftNode> reordered;
  reserve_huge(reordered, order.size());
  for (DraftId at = 0; at < order.size(); ++at) {
    position[order[at]] = at;
    reordered.push_back(nodes[order[at]]);
  }
  nodes = std::move(reordered);
  for (const DraftNode& node : nodes) {
    for (DraftId& operand : operands_of(node)) operand = position[operand];
  }
  for (DraftId& output : outputs) output = position[output];
}

Kernel Draft::kernel_of(const DraftNode& node) const {
  std::vector<const Type*> in;
  in.reserve(node.operands_count);
  for (const DraftId operand : operands_of(node)) in.push_back(&type_of(nodes[operand]));
  return node.op->kernel(
      {in, type_of(node), attribute_of(node), numbers == Numbers::complex128, simd});
}

}  // namespace tapewise

#include <tapewise/autograd/passes/passes.hpp>

namespace tapewise::passes {

namespace {

using Role = DraftNode::Role;

bool all_constant(const Draft& draft, const DraftNode& node) {
  for (const DraftId operand : draft.operands_of(node)) {
    if (draft.nodes[operand].role != Role::constant) return false;
  }
  return node.operands_count > 0;
}

}  // namespace

void fold(Draft& draft) {
  std::vector<const void*> in;
  for (DraftNode& node : draft.nodes) {
    // An op that refuses its values must refuse them in a run, not while planning.
    if (node.role != Role::compute || node.op->traits.may_throw || !all_constant(draft, node)) {
      continue;
    }
    in.clear();
    for (const DraftId operand : draft.operands_of(node)) {
      in.push_back(draft.constants[draft.nodes[operand].data]->data());
    }
    Type type = draft.type_of(node);
    if (draft.numbers == Numbers::complex128 && is_float(type.dtype))
      type.dtype = DType::complex128;
    auto value = std::make_shared<const Array>(type);
    if (node.alias) {
      std::memcpy(value->data(), in[0], type.bytes());
    } else {
      const Kernel kernel = draft.kernel_of(node);
      if (kernel.run == nullptr) continue;
      kernel.run({value->data(), in.data(), kernel.params});
    }
    node.role = Role::constant;
    node.data = static_cast<std::uint32_t>(draft.constants.size());
    draft.constants.push_back(std::move(value));
  }
}

}  // namespace tapewise::passes

#include <tapewise/ops/scheme.hpp>

namespace tapewise {

Var record(const OpRecord& op, std::span<const OperandRef> operands, const void* attribute) {
  for (const OperandRef& operand : operands) {
    if (operand->is_var()) {
      return operand->var().tape().record(op, operands, attribute, operands[0]->where());
    }
  }
  const std::string line = operands.empty() ? "an unknown line" : to_string(operands[0]->where());
  throw TypeError("[" + std::string(op.name) +
                  "] at least one operand must be a Var; these are plain numbers or arrays\n  at " +
                  line);
}

}  // namespace tapewise

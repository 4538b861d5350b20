#include <tapewise/autograd/leaves.hpp>

#include <array>
#include <tapewise/autograd/tape.hpp>

namespace tapewise {

namespace {

OpRecord leaf_record(std::string_view name, std::string_view formula) {
  OpRecord op;
  op.name = name;
  op.family = "leaf";
  op.formula = formula;
  op.attribute_bytes = sizeof(LeafAttribute);
  op.traits.leaf = true;
  op.dtypes = every_dtype;
  return op;
}

Type assigned_type(const TypeArgs& args) {
  if (args.parent(0).dtype != args.parent(1).dtype) {
    throw args.type_error("the leaf is " + to_string(args.parent(0)) + ", the new value " +
                          to_string(args.parent(1)) + ": write cast(value, dtype)");
  }
  if (args.parent(0) != args.parent(1)) {
    throw args.shape_error("the leaf is " + to_string(args.parent(0)) + ", the new value " +
                           to_string(args.parent(1)) + ": reshape the value");
  }
  return args.parent(0);
}

struct CopyParams {
  std::size_t bytes;
};

/// Copies operand number `from`.
template <std::size_t from>
Kernel copy_kernel(const KernelRequest& request) {
  Kernel kernel;
  kernel.set_params(CopyParams{static_cast<std::size_t>(request.out.size()) *
                               size_of(request.number(request.out))});
  kernel.run = [](const KernelCall& call) {
    std::memcpy(call.out_data, call.in_data[from], call.params<CopyParams>().bytes);
  };
  return kernel;
}

}  // namespace

const OpRecord& input_op() {
  static const OpRecord op = leaf_record("input", "x, a leaf that can be set");
  return op;
}

const OpRecord& parameter_op() {
  static const OpRecord op = leaf_record("parameter", "θ, a leaf that is learned");
  return op;
}

const OpRecord& constant_op() {
  static const OpRecord op = leaf_record("constant", "c");
  return op;
}

const OpRecord& assign_op() {
  static const OpRecord op = [] {
    OpRecord record;
    record.name = "assign";
    record.family = "leaf";
    record.formula = "θ ← x";
    record.arity = 2;
    record.traits.assign = true;
    record.traits.stops_gradient = true;
    record.dtypes = every_dtype;
    record.type = assigned_type;
    record.kernel = copy_kernel<1>;
    return record;
  }();
  return op;
}

const OpRecord& copy_op() {
  static const OpRecord op = [] {
    OpRecord record;
    record.name = "copy";
    record.family = "leaf";
    record.formula = "x";
    record.arity = 1;
    record.dtypes = every_dtype;
    record.type = [](const TypeArgs& args) { return args.parent(0); };
    record.kernel = copy_kernel<0>;
    return record;
  }();
  return op;
}

Var assign(const Var& leaf, const Operand& value) {
  const OpRecord& op = leaf.op();
  if (&op != &input_op() && &op != &parameter_op()) {
    throw TypeError(leaf.tape().describe(
        leaf.id(),
        "[assign] only an input or a parameter can be assigned to, this is a result of " +
            std::string(op.name)));
  }
  const Operand target(leaf, value.where());
  const std::array<OperandRef, 2> operands = {target, value};
  return leaf.tape().record(assign_op(), operands, nullptr, value.where());
}

}  // namespace tapewise

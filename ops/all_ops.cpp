#include <tapewise/ops/activation.hpp>
#include <tapewise/ops/conversion.hpp>
#include <tapewise/ops/index.hpp>
#include <tapewise/ops/linalg.hpp>
#include <tapewise/ops/loss.hpp>
#include <tapewise/ops/reduce.hpp>
#include <tapewise/ops/shape.hpp>
#include <tapewise/ops/softmax.hpp>
#include <vector>

namespace tapewise {

std::span<const OpRecord* const> all_ops() {
  static const std::vector<const OpRecord*> all = [] {
    const std::span<const OpRecord> families[] = {
        records_of(ArithmeticOps{}), records_of(ComparisonOps{}), records_of(ElementaryOps{}),
        records_of(ActivationOps{}), records_of(ConversionOps{}), records_of(ShapeOps{}),
        records_of(IndexOps{}),      records_of(ReduceOps{}),     records_of(LinalgOps{}),
        records_of(SoftmaxOps{}),    records_of(LossOps{})};
    std::vector<const OpRecord*> list;
    for (const auto family : families) {
      for (const OpRecord& op : family) list.push_back(&op);
    }
    return list;
  }();
  return all;
}

const OpRecord& library_record(const void* key, std::string_view name) {
  for (const OpRecord* op : all_ops()) {
    if (op->key == key) return *op;
  }
  throw Error("[" + std::string(name) +
              "] the rule is missing from the list at the end of its file");
}

}  // namespace tapewise

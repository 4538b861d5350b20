#include <tapewise/ops/all_lists.hpp>
#include <vector>

namespace tapewise {

std::span<const OpRecord* const> all_ops() {
  static const std::vector<const OpRecord*> all = with_all_families([](auto... family) {
    std::vector<const OpRecord*> list;
    const auto append = [&](std::span<const OpRecord> records) {
      for (const OpRecord& op : records) list.push_back(&op);
    };
    (append(records_of(family)), ...);
    return list;
  });
  return all;
}

const OpRecord& library_record(Text name) {
  for (const OpRecord* op : all_ops()) {
    if (op->name == name) return *op;
  }
  throw Error("[" + std::string(name) +
              "] the rule is missing from the list at the end of its file");
}

}  // namespace tapewise

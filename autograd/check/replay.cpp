#include <tapewise/autograd/check/replay.hpp>

#include <algorithm>
#include <limits>
#include <tapewise/autograd/draft.hpp>
#include <tapewise/autograd/forward.hpp>
#include <tapewise/autograd/graph_walk.hpp>

namespace tapewise::checking {

Replay::Replay(Tape& tape, Numbers numbers) : tape_(tape), numbers_(numbers) {}

Replay::Slot& Replay::make_slot(NodeId id) {
  auto s = std::make_unique<Slot>();
  s->type = tape_.type(id);
  if (tapewise::is_float(s->type.dtype)) s->type.dtype = DType::float64;
  s->value = Array(is_complex(*s) ? Type{DType::complex128, s->type.shape} : s->type);
  position_[id] = slots_.size();
  slots_.push_back(std::move(s));
  nodes_.push_back(id);
  return *slots_.back();
}

void Replay::add(std::span<const NodeId> roots) {
  const std::vector<NodeId> all = ancestors(tape_, roots, [&](NodeId id) { return has(id); });
  for (const NodeId id : all) {
    Slot& s = make_slot(id);
    if (!tape_.op(id).traits.leaf) {
      compute(id);
    } else {
      const void* value = forward(tape_, id);
      const auto copy = converted(value, tape_.type(id), numbers_);
      if (s.type.size() > 0) std::memcpy(s.value.data(), copy->data(), copy->type().bytes());
    }
  }
  std::sort(nodes_.begin(), nodes_.end());
}

void Replay::adopt(const Replay& other, std::span<const NodeId> ids) {
  for (const NodeId id : ids) {
    Slot& s = has(id) ? slot(id) : make_slot(id);
    if (!tapewise::is_float(s.type.dtype)) {
      if (s.type.size() > 0) std::memcpy(s.value.data(), other.data(id), bytes(id));
      continue;
    }
    for (std::int64_t i = 0; i < s.type.size(); ++i) set(id, i, other.number(id, i));
  }
  std::sort(nodes_.begin(), nodes_.end());
}

void Replay::prepare(NodeId id) {
  Slot& s = slot(id);
  if (s.prepared) return;
  s.prepared = true;
  for (const NodeId parent : tape_.parents(id)) s.operands.push_back(data(parent));
  if (tape_.op(id).traits.alias || tape_.op(id).traits.leaf) return;
  std::vector<const Type*> in;
  for (const NodeId parent : tape_.parents(id)) in.push_back(&slot(parent).type);
  const Kernel kernel = tape_.op(id).kernel(
      {in, s.type, tape_.attribute(id), numbers_ == Numbers::complex128, default_simd_level()});
  s.run = kernel.run;
  s.params = Buffer(kernel.params_bytes);
  if (kernel.params_bytes > 0) std::memcpy(s.params.data(), kernel.params, kernel.params_bytes);
}

bool Replay::computes(NodeId id) {
  prepare(id);
  return tape_.op(id).traits.alias || slot(id).run != nullptr;
}

void Replay::evaluate(NodeId id, std::span<const void* const> operands, void* out) {
  prepare(id);
  Slot& s = slot(id);
  if (out == nullptr) out = s.value.data();
  if (operands.empty()) operands = s.operands;
  if (tape_.op(id).traits.alias) {
    if (s.type.size() > 0) std::memcpy(out, operands[0], bytes(id));
    return;
  }
  if (s.run == nullptr) {
    throw TypeError(tape_.describe(
        id, "[gradcheck] " + std::string(tape_.op(id).name) + " has no kernel for these numbers"));
  }
  try {
    s.run({out, operands.data(), s.params.data()});
  } catch (const DomainError&) {
    if (!tapewise::is_float(s.type.dtype)) {
      if (s.type.size() > 0) std::memset(out, 0, bytes(id));
      return;
    }
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::size_t doubles = bytes(id) / sizeof nan;
    std::fill_n(static_cast<double*>(out), doubles, nan);
  }
}

std::size_t Replay::bytes(NodeId id) const {
  const Slot& s = slot(id);
  return static_cast<std::size_t>(s.type.size()) *
         size_of(is_complex(s) ? DType::complex128 : s.type.dtype);
}

double Replay::number(NodeId id, std::int64_t i) const {
  const Slot& s = slot(id);
  if (is_complex(s)) return s.value.as<Complex>()[i].re;
  return number_at(s.type.dtype, s.value.data(), i);
}

void Replay::set(NodeId id, std::int64_t i, double x, double imaginary) {
  Slot& s = slot(id);
  if (is_complex(s))
    s.value.as<Complex>()[i] = {x, imaginary};
  else
    s.value.as<double>()[i] = x;
}

double Replay::imaginary(NodeId id, std::int64_t i) const {
  return slot(id).value.as<Complex>()[i].im;
}

std::vector<double> Replay::numbers(NodeId id) const {
  std::vector<double> all;
  for (std::int64_t i = 0; i < size(id); ++i) all.push_back(number(id, i));
  return all;
}

std::vector<NodeId> Replay::below(std::span<const NodeId> held, NodeId output) const {
  const auto is_held = [&](NodeId id) {
    return std::find(held.begin(), held.end(), id) != held.end();
  };
  const std::vector<NodeId> above = ancestors(tape_, std::span(&output, 1), is_held);
  std::vector<bool> depends(tape_.size());
  for (const NodeId id : held) depends[id] = true;
  std::vector<NodeId> found;
  for (const NodeId id : above) {
    for (const NodeId parent : tape_.parents(id)) {
      if (!depends[parent]) continue;
      depends[id] = true;
      found.push_back(id);
      break;
    }
  }
  return found;
}

}  // namespace tapewise::checking

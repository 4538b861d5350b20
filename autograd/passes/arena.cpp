#include <tapewise/autograd/passes/arena.hpp>

namespace tapewise::passes {

namespace {
std::size_t aligned(std::size_t offset, std::size_t bytes) {
  const std::size_t unit = bytes > 32 ? 64 : 16;
  return (offset + unit - 1) / unit * unit;
}
}  // namespace

void ArenaPacker::add_gap(std::size_t offset, std::size_t bytes) {
  if (bytes == 0) return;
  gaps_.emplace(offset, bytes);
  by_bytes_.emplace(bytes, offset);
}

void ArenaPacker::remove_gap(std::map<std::size_t, std::size_t>::iterator gap) {
  by_bytes_.erase({gap->second, gap->first});
  gaps_.erase(gap);
}

std::size_t ArenaPacker::take(std::size_t bytes) {
  bytes = rounded(bytes);
  // Gaps start at multiples of 16; a large block may have to skip a few bytes in one.
  for (auto fit = by_bytes_.lower_bound({bytes, 0}); fit != by_bytes_.end(); ++fit) {
    const auto [gap_bytes, gap_offset] = *fit;
    const std::size_t offset = aligned(gap_offset, bytes);
    if (offset + bytes > gap_offset + gap_bytes) continue;
    remove_gap(gaps_.find(gap_offset));
    add_gap(gap_offset, offset - gap_offset);
    add_gap(offset + bytes, gap_offset + gap_bytes - offset - bytes);
    return offset;
  }
  const std::size_t offset = aligned(size_, bytes);
  add_gap(size_, offset - size_);
  size_ = offset + bytes;
  return offset;
}

void ArenaPacker::give_back(std::size_t offset, std::size_t bytes) {
  bytes = rounded(bytes);
  auto after = gaps_.lower_bound(offset);
  if (after != gaps_.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second == offset) {
      offset = before->first;
      bytes += before->second;
      remove_gap(before);
    }
  }
  if (after != gaps_.end() && after->first == offset + bytes) {
    bytes += after->second;
    remove_gap(after);
  }
  add_gap(offset, bytes);
}

}  // namespace tapewise::passes

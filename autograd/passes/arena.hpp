#pragma once
#include <cstddef>
#include <map>
#include <set>

namespace tapewise::passes {

/// Packs blocks of known lifetimes into one arena: best fit among the free gaps, lowest first.
class ArenaPacker {
 public:
  std::size_t take(std::size_t bytes);
  void give_back(std::size_t offset, std::size_t bytes);
  /// Bytes from the start of the arena to the end of the furthest block so far.
  std::size_t size() const { return size_; }

  /// What a block of `bytes` occupies: whole cache lines, or 16 bytes for the small ones. Large
  /// blocks that follow each other begin at different places of a page, like large Buffers.
  static std::size_t rounded(std::size_t bytes) {
    constexpr std::size_t page = 4096, stagger = 9 * std::size_t{64};
    if (bytes >= 16 * page) return (bytes + page - 1) / page * page + stagger;
    const std::size_t unit = bytes > 32 ? 64 : 16;
    return bytes == 0 ? unit : (bytes + unit - 1) / unit * unit;
  }

 private:
  void add_gap(std::size_t offset, std::size_t bytes);
  void remove_gap(std::map<std::size_t, std::size_t>::iterator gap);

  std::map<std::size_t, std::size_t> gaps_;                 // offset -> bytes
  std::set<std::pair<std::size_t, std::size_t>> by_bytes_;  // (bytes, offset)
  std::size_t size_ = 0;
};

}  // namespace tapewise::passes

#pragma once
// What the parts of the tape share (tape.cpp, tape_record.cpp); nobody else includes it.
#include <array>
#include <map>
#include <string>
#include <tapewise/autograd/tape.hpp>
#include <unordered_map>
#include <vector>

namespace tapewise {

inline std::string recorded_at(const SourceLine& where, NodeId id) {
  return "\n  recorded at " + to_string(where) + " as %" + std::to_string(id);
}

/// What the tape looks up.
struct Tape::Index {
  struct Literal {
    std::uint64_t bits = 0;
    DType dtype = DType::float64;
    NodeId id = 0;
    std::uint32_t generation = 0;  // 0: an empty place
  };
  /// What the shape rule of an elementwise op has said of these types.
  struct Inferred {
    const OpRecord* op = nullptr;
    std::array<std::uint32_t, 3> parents{};
    std::uint32_t type = 0;
  };
  struct Read {
    NodeId id;
    NodeId recorded_before;  // the first node recorded after it was read
    friend bool operator<(const Read& a, const Read& b) { return a.id < b.id; }
  };

  std::unordered_multimap<std::size_t, std::uint32_t> types_by_hash;
  std::unordered_map<const Cell*, NodeId> leaf_of_cell;
  std::unordered_map<const Clock*, std::uint32_t> clock_uses;
  std::map<NodeId, std::string> labels;
  std::vector<Read> reads;           // a heap: the newest node on top, to be forgotten first
  std::array<Literal, 64> literals;  // constants recorded for plain numbers, by hash
  std::array<Inferred, 64> inferred;
};

}  // namespace tapewise

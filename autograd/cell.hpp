#pragma once
#include <cstdint>
#include <memory>
#include <tapewise/autograd/array.hpp>

namespace tapewise {

/// Counts the writes to a group of cells. A tape adds up the clocks of the cells it attaches: a
/// computed value is valid as long as that sum, the tape's epoch, stays the same.
class Clock {
 public:
  void tick() { __atomic_fetch_add(&ticks_, 1U, __ATOMIC_RELAXED); }
  std::uint64_t ticks() const { return __atomic_load_n(&ticks_, __ATOMIC_RELAXED); }

 private:
  // Not std::atomic: this is all that user programs would compile <atomic> for.
  std::uint64_t ticks_ = 0;
};

/// The memory behind an input or parameter. Shared: several tapes and programs may attach the same
/// cell, and layers and optimizers hold cells, so parameters outlive any tape.
/// dtype and shape are fixed. Writing while another thread reads is a data race, as for any array.
class Cell {
 public:
  /// Copies `initial`; `clock` is shared with other cells, or its own when left out.
  explicit Cell(const ArrayView& initial, std::shared_ptr<Clock> clock = nullptr);

  const Type& type() const { return array_.type(); }
  const void* data() const { return array_.data(); }
  const std::shared_ptr<Clock>& clock() const { return clock_; }

  /// Copies new values in. Throws ShapeError or TypeError unless dtype and shape are the cell's;
  /// a plain number takes the cell's dtype.
  void set(const ArrayView& given);
  /// The memory, to be written by the caller; values computed from it count as stale from now on.
  void* mutable_data() {
    clock_->tick();
    return array_.data();
  }

 private:
  Array array_;
  std::shared_ptr<Clock> clock_;
};

using CellPtr = std::shared_ptr<Cell>;

/// Throws ShapeError or TypeError, naming `who`, unless `given` is `wanted`.
void require_same_type(const Type& given, const Type& wanted, const char* who);

}  // namespace tapewise

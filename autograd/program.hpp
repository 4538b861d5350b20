#pragma once
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tapewise/autograd/compile_options.hpp>
#include <tapewise/autograd/op.hpp>
#include <tapewise/autograd/profile.hpp>
#include <vector>

namespace tapewise {

struct Plan;
struct Place;
class Clock;

/// A plan and the memory in which it runs: what `compile` returns. `run()` replays the recorded
/// computation with the leaves as they are, without allocating, searching or checking shapes.
///
/// Use a program from one thread at a time. A copy shares the plan and has memory of its own, so
/// copies run beside each other; they read the same leaves, unless `bind` gives them private
/// inputs. A program that assigns must not run beside another user of the cells it writes.
class Program {
 public:
  Program(const Program& other);
  Program& operator=(const Program& other);
  Program(Program&&) noexcept = default;
  Program& operator=(Program&&) noexcept = default;
  ~Program() = default;

  /// Runs every step once. Throws GuardError when a recorded C++ branch would go the other way and
  /// DomainError from an op that refuses its values; leaves are unchanged then, and the outputs
  /// cannot be read until a run has succeeded.
  void run();

  /// Values of the last run, by the Var that was compiled or by its position among the outputs.
  /// They stay as they are until the next run. Throws HandleError for a Var that is not an output
  /// or was removed by a `rewind` (positions and labels go on), or before the first good run,
  /// ShapeError from `item` for more than one element.
  double item(const Var& output) const { return item(index_of(output)); }
  double item(std::size_t output = 0) const;
  /// As an xtensor container, or an adaptor on the program's memory. Throws TypeError unless `T`
  /// is the output's dtype. Defined in xtensor_bridge.hpp.
  template <class T>
  auto value(const Var& output) const;
  template <class T>
  auto view(const Var& output) const;
  /// Raw and contiguous.
  const void* data(std::size_t output) const;
  std::size_t index_of(const Var& output) const;
  /// By label; the first output of that name.
  std::size_t index_of(std::string_view output) const;
  const Type& type(std::size_t output) const;
  /// Throws TypeError unless the output is of this dtype.
  void require_output_dtype(std::size_t output, DType asked) const;

  /// Gives this program, and nobody else, its own values for a leaf: copied now, read by every
  /// run from now on. Throws HandleError for a Var that the program does not read or that was
  /// removed by a `rewind`, ShapeError or TypeError for another type.
  void bind(const Var& leaf, const ArrayView& value);

  /// The private memory behind `bind`, made if need be, in the plan's number type: for checkers.
  void* bound_data(const Var& leaf);

  /// Runs the program `runs` times (assigns are carried out each time) and says what each step
  /// costs: print the result, or write it as a Chrome trace. Errors as in `run`.
  Profile profile(int runs = 20);

  /// What the program is. Bytes: the arena, and the most that is alive at once.
  std::size_t steps() const;
  /// Ops that a run carries out; a step may be many of them.
  std::size_t ops() const;
  std::size_t arena_bytes() const;
  std::size_t peak_bytes() const;
  /// The arena without the outputs: what `CompileOptions::memory_budget` limits.
  std::size_t working_bytes() const;
  /// Floating-point operations of a run, an elementwise op counting one per element.
  double flops() const;
  /// Of these, what is spent on values that are computed again instead of kept: see
  /// CompileOptions::memory_budget and tapewise::checkpoint.
  double extra_flops() const;
  /// Whether a run depends on this leaf. Throws HandleError if a `rewind` has removed it.
  bool reads(const Var& leaf) const;
  const Plan& plan() const { return *plan_; }

  explicit Program(std::shared_ptr<const Plan> plan);

 private:
  struct ReadyStep {
    KernelFn run;
    KernelCall call;
  };

  void connect();
  std::string where_failed(std::size_t step, const std::string& what) const;
  /// Calls `before(k)` before step k, and `before(steps)` at the end.
  template <class Before>
  void run_steps(Before&& before);
  const void* address(const Place& place) const;
  void require_on_tape(const Var& node, const char* who) const;
  std::size_t cell_of(const Var& leaf) const;
  void* bound_memory(std::size_t cell);

  std::shared_ptr<const Plan> plan_;
  Buffer arena_;
  std::vector<std::shared_ptr<Array>> bound_;  // by number of the cell; null: the cell itself
  std::vector<const void*> operands_;
  std::vector<ReadyStep> ready_;
  std::vector<Clock*> written_;  // clocks of the cells that a run writes
  bool has_run_ = false;
};

/// Plans the computation of the outputs: see CompileOptions for the passes. Nodes that are not
/// needed cost nothing; assign nodes among the outputs are carried out at the end of each run, all
/// at once. Includes the guards recorded before the newest node of the outputs.
/// Throws HandleError for Vars of several tapes or none, and for two assigns to one leaf.
Program compile(std::span<const Var> outputs, const CompileOptions& options = {});
Program compile(std::initializer_list<Var> outputs, const CompileOptions& options = {});

/// The leaves, the steps with their places, the guards, the outputs, and the totals.
std::ostream& operator<<(std::ostream& out, const Program& program);

}  // namespace tapewise

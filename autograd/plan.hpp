#pragma once
#include <map>
#include <memory>
#include <span>
#include <string>
#include <tapewise/autograd/cell.hpp>
#include <tapewise/autograd/compile_options.hpp>
#include <tapewise/autograd/draft.hpp>
#include <tapewise/autograd/fused.hpp>
#include <tapewise/autograd/op.hpp>
#include <tapewise/autograd/scalar_code.hpp>
#include <vector>

namespace tapewise {

/// Where a value lies while a program runs.
struct Place {
  enum class Kind : std::uint8_t { arena, cell, constant };
  static constexpr std::uint64_t most = (std::uint64_t{1} << 56U) - 1;
  Place() = default;
  Place(Kind of, std::uint64_t where) : kind(of), at(where & most) {}
  Kind kind : 8 = Kind::arena;
  std::uint64_t at : 56 = 0;  ///< offset in the arena, or number of the cell or constant
};

/// One step: a kernel and its operands.
struct Step {
  KernelFn run = nullptr;
  std::size_t params = 0;  ///< offset in Plan::params
  Place out;
  std::uint32_t in_begin = 0, in_count = 0;  ///< into Plan::operands
  double flops = 0;
  double bytes = 0;                      ///< operands and results in memory, each once
  const OpRecord* op = nullptr;          ///< null for a guard and for groups
  const OpRecord* by_product = nullptr;  ///< its value is the last of the operands
  const FusedGroup* fused = nullptr;
  const Panels* panels = nullptr;  ///< of `fused`, and of the product that it reads
  const ScalarCode* scalars = nullptr;
  std::uint32_t type = 0;  ///< of the result, into Plan::types
  NodeId origin = 0;       ///< the recorded node, and its line
  SourceLine where;
  std::string_view composer;  ///< the op that the user called there, if it is written in others
};

/// One of the values a program was compiled for.
struct PlanOutput {
  Var var;  ///< not followed before Plan::tape says that its tape is there
  std::string name;
  Type type;
  Place place;
};

/// A leaf that the program reads or writes.
struct PlanInput {
  Var var;  ///< as above
  std::string name;
  Type type;
  bool assigned = false;
};

/// Steps, made once by passes over a draft of the tape. Immutable, shared between the programs that
/// are copies of each other, also in other threads. It owns its constants and cells, and survives
/// `rewind` and the tape.
struct Plan {
  std::vector<Step> steps;
  std::vector<Place> operands;
  std::vector<std::byte> params;
  std::vector<std::unique_ptr<std::string>> guard_texts;
  std::vector<std::unique_ptr<const FusedGroup>> fused;
  std::vector<std::unique_ptr<const Panels>> panels;
  std::vector<std::unique_ptr<const ScalarCode>> scalars;
  std::vector<CellPtr> cells;
  std::vector<PlanInput> inputs;  ///< by number of the cell
  std::vector<std::shared_ptr<const Array>> constants;
  std::vector<Type> types;
  std::map<NodeId, std::string> labels;
  std::vector<PlanOutput> outputs;
  std::vector<std::string> reads;  ///< values that user code had read while recording
  std::size_t arena_bytes = 0;
  std::size_t peak_bytes = 0;    ///< the most that was alive at once: a floor for the arena
  std::size_t output_bytes = 0;  ///< of the arena, held by outputs
  double flops = 0;
  double extra_flops = 0;  ///< of these, for values that are computed again
  std::size_t ops = 0;
  Numbers numbers = Numbers::as_recorded;
  std::weak_ptr<const void> tape;  ///< see Tape::life

  /// The label or "%id" of a recorded node.
  std::string name_of(NodeId origin) const;
  /// The op of a step, or the ops of a group.
  std::string describe(const Step& step) const;
  /// Bytes of a value in this plan's number type.
  std::size_t bytes_of(const Type& type) const;
};

/// Runs the passes. Throws TypeError or HandleError for outputs that cannot be compiled.
std::shared_ptr<const Plan> make_plan(std::span<const Var> outputs, const CompileOptions& options);

}  // namespace tapewise

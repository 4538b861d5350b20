#include <tapewise/autograd/check/rounding.hpp>

#include <algorithm>
#include <cmath>
#include <tapewise/autograd/check/random.hpp>
#include <tapewise/autograd/graph_walk.hpp>
#include <unordered_map>
#include <unordered_set>

namespace tapewise::checking {

namespace {

constexpr int samples = 5;

/// The neighbours of x on either side: between half a unit in the last place and three of them
/// away.
double shaken(double x, double unit, Random& random) {
  const double by = 3.0 * unit * random.sign_and_size();
  return std::isfinite(x) ? x + x * by : x;  // -∞ of a mask rounds nothing
}

/// One replay in which operations round at random.
class Shaker {
 public:
  Shaker(Replay& replay, double unit, Random& random)
      : replay_(replay), unit_(unit), random_(random) {}

  void compute(NodeId id) {
    if (!replay_.is_float(id) || only_moves(id)) return replay_.compute(id);
    if (replay_.tape().op(id).traits.elementwise)
      replay_.compute(id);
    else
      evaluate_with(
          id, [&](double x) { return shaken(x, unit_, random_); }, replay_.data(id));
    auto* y = static_cast<double*>(replay_.data(id));
    for (std::int64_t e = 0; e < replay_.size(id); ++e) y[e] = shaken(y[e], unit_, random_);
  }

 private:
  /// Evaluates the node with each float element of its operands replaced by f(element).
  template <class F>
  void evaluate_with(NodeId id, const F& f, void* out) {
    std::vector<std::vector<double>> copies;
    std::vector<const void*> operands;
    for (const NodeId parent : replay_.tape().parents(id)) {
      if (!replay_.is_float(parent)) {
        operands.push_back(replay_.data(parent));
        continue;
      }
      std::vector<double>& copy = copies.emplace_back(replay_.numbers(parent));
      for (double& x : copy) x = f(x);
      operands.push_back(copy.data());
    }
    replay_.evaluate(id, operands, out);
  }

  /// Whether the op takes its elements from its operands as they are, and so rounds nothing: tried
  /// with random operands, among which a result that was computed would not be found.
  bool only_moves(NodeId id) {
    const auto& traits = replay_.tape().op(id).traits;
    if (traits.alias || traits.broadcast) return true;
    const auto [known, is_new] = only_moves_.try_emplace(id, false);
    if (!is_new) return known->second;
    std::vector<double> given, y(static_cast<std::size_t>(replay_.size(id)));
    evaluate_with(
        id, [&](double) { return given.emplace_back(1.0 + random_.uniform()); }, y.data());
    std::sort(given.begin(), given.end());
    return known->second = std::all_of(y.begin(), y.end(), [&](double e) {
             return e == 0.0 || std::binary_search(given.begin(), given.end(), std::abs(e));
           });
  }

  Replay& replay_;
  double unit_;
  Random& random_;
  std::unordered_map<NodeId, bool> only_moves_;
};

/// Constants that stand for numbers with more digits, 1/3 say: those of B, and literals that B
/// shares with G.
std::vector<NodeId> rounded_constants(const Replay& replay, std::span<const NodeId> nodes) {
  const Tape& tape = replay.tape();
  std::unordered_set<NodeId> read_by_b;
  for (const NodeId id : nodes) {
    const auto parents = tape.parents(id);
    if (tape.node(id).in_b) read_by_b.insert(parents.begin(), parents.end());
  }
  const auto is_literal = [&](NodeId id) {
    return tape.cell(id) == nullptr && tape.type(id).shape.is_scalar();
  };
  std::vector<NodeId> found;
  for (const NodeId id : nodes) {
    const Node node = tape.node(id);
    if (!node.op->traits.leaf || tape.type(id).dtype != DType::float32) continue;
    if (node.in_b || (is_literal(id) && read_by_b.contains(id))) found.push_back(id);
  }
  return found;
}

}  // namespace

bool is_short(double x) {
  int exponent = 0;
  const double scaled = std::ldexp(std::frexp(x, &exponent), 14);
  return scaled == std::nearbyint(scaled);
}

std::vector<std::vector<double>> rounding_spread(const Replay& from,
                                                 std::span<const NodeId> watched, double unit,
                                                 bool constants) {
  Tape& tape = from.tape();
  std::vector<NodeId> order = ancestors(tape, watched, [](NodeId) { return false; });
  const std::vector<NodeId> rounded =
      constants ? rounded_constants(from, order) : std::vector<NodeId>{};
  std::erase_if(order, [&](NodeId id) { return tape.op(id).traits.leaf; });
  std::vector<std::vector<double>> spread;
  for (const NodeId id : watched) {
    spread.emplace_back(static_cast<std::size_t>(from.size(id)), 0.0);
  }
  Replay replay(tape);
  replay.adopt(from);
  Random random(0x5EED);
  Shaker shaker(replay, unit, random);
  for (int sample = 0; sample < samples; ++sample) {
    for (const NodeId id : rounded) {
      for (std::int64_t e = 0; e < from.size(id); ++e) {
        const double x = from.number(id, e);
        // Such a constant may be the result of several float32 operations.
        if (!is_short(x)) replay.set(id, e, shaken(x, 4.0 * unit32, random));
      }
    }
    for (const NodeId id : order) shaker.compute(id);
    for (std::size_t k = 0; k < watched.size(); ++k) {
      for (std::size_t e = 0; e < spread[k].size(); ++e) {
        const auto i = static_cast<std::int64_t>(e);
        const double off = std::abs(replay.number(watched[k], i) - from.number(watched[k], i));
        // A sample that is not a number where the other is one: no digit is sure.
        if (std::isnan(off) && std::isfinite(from.number(watched[k], i))) {
          spread[k][e] = std::numeric_limits<double>::infinity();
        } else if (off > spread[k][e]) {
          spread[k][e] = off;
        }
      }
    }
  }
  return spread;
}

}  // namespace tapewise::checking

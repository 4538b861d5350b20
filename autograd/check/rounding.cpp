#include <tapewise/autograd/check/rounding.hpp>

#include <algorithm>
#include <cmath>
#include <tapewise/autograd/check/random.hpp>
#include <tapewise/autograd/graph_walk.hpp>

namespace tapewise::checking {

namespace {

constexpr int samples = 5;

/// The neighbours of x on either side: between half a unit in the last place and three of them
/// away.
double shaken(double x, double unit, Random& random) {
  return x + x * (3.0 * unit * random.sign_and_size());
}

/// One replay in which operations round at random.
class Shaker {
 public:
  Shaker(Replay& replay, double unit, Random& random)
      : replay_(replay), unit_(unit), random_(random) {}

  void compute(NodeId id) {
    const auto& traits = replay_.tape().op(id).traits;
    replay_.compute(id);
    if (!replay_.is_float(id) || traits.alias || traits.broadcast) return;
    const std::vector<double> shaken_y = with_shaken_operands(id);
    // An op that only moves its operands rounds nothing. (That the elements themselves are among
    // the operands' says less: a sum may happen to equal one of its terms.)
    const auto moved = [&](double y) {
      return y == 0.0 || std::binary_search(given_.begin(), given_.end(), std::abs(y));
    };
    const bool all_moved = std::all_of(shaken_y.begin(), shaken_y.end(), moved);
    if (all_moved) return;
    auto* y = static_cast<double*>(replay_.data(id));
    for (std::size_t e = 0; e < shaken_y.size(); ++e) {
      if (!traits.elementwise)
        y[e] = shaken(shaken_y[e], unit_, random_);  // it may have added up
      else if (!moved(shaken_y[e]))
        y[e] = shaken(y[e], unit_, random_);
    }
  }

 private:
  std::vector<double> with_shaken_operands(NodeId id) {
    given_.clear();
    std::vector<std::vector<double>> copies;
    std::vector<const void*> operands;
    for (const NodeId parent : replay_.tape().parents(id)) {
      if (!replay_.is_float(parent)) {
        operands.push_back(replay_.data(parent));
        continue;
      }
      std::vector<double>& copy = copies.emplace_back(replay_.numbers(parent));
      for (double& x : copy) {
        x = shaken(x, unit_, random_);
        given_.push_back(std::abs(x));
      }
      operands.push_back(copy.data());
    }
    std::sort(given_.begin(), given_.end());
    std::vector<double> y(static_cast<std::size_t>(replay_.size(id)));
    replay_.evaluate(id, operands, y.data());
    return y;
  }

  Replay& replay_;
  double unit_;
  Random& random_;
  std::vector<double> given_;
};

/// Whether float32 holds the number as it was meant, as far as one can tell: 2, 0.5, 100.
bool is_short(double x) {
  int exponent = 0;
  const double scaled = std::ldexp(std::frexp(x, &exponent), 14);
  return scaled == std::nearbyint(scaled);
}

/// Constants that stand for numbers with more digits, 1/3 say.
std::vector<NodeId> rounded_constants(const Replay& replay, std::span<const NodeId> nodes) {
  const Tape& tape = replay.tape();
  std::vector<NodeId> found;
  for (const NodeId id : nodes) {
    const Node node = tape.node(id);
    if (!node.op->traits.leaf || !node.in_b || tape.type(id).dtype != DType::float32) continue;
    found.push_back(id);
  }
  return found;
}

}  // namespace

std::vector<std::vector<double>> rounding_spread(const Replay& from,
                                                 std::span<const NodeId> watched, double unit) {
  Tape& tape = from.tape();
  std::vector<NodeId> order = ancestors(tape, watched, [](NodeId) { return false; });
  const std::vector<NodeId> constants = rounded_constants(from, order);
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
    for (const NodeId id : constants) {
      for (std::int64_t e = 0; e < from.size(id); ++e) {
        const double x = from.number(id, e);
        if (!is_short(x)) replay.set(id, e, shaken(x, unit32, random));
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

#pragma once
#include <span>
#include <tapewise/autograd/check/replay.hpp>
#include <vector>

namespace tapewise::checking {

/// What rounding does to the elements of some nodes: how far each of them moves when every
/// operation on the way rounds differently. Replays `from` a few times with each computed element
/// off by a random part of `unit`, operands of structured ops too (their sums round inside).
/// Elements that an op only moves or selects are exact. Constants that a derivative rule recorded
/// in float32 were rounded to that, which counts unless `constants` is false. Deterministic.
/// Monte Carlo arithmetic: Parker 1997; CESTAC: Vignes 1974.
std::vector<std::vector<double>> rounding_spread(const Replay& from,
                                                 std::span<const NodeId> watched, double unit,
                                                 bool constants = true);

/// Whether float32 holds the number as it was meant, as far as one can tell: 2, 0.5, 100.
bool is_short(double x);

/// Unit roundoff of float64 and of float32.
inline constexpr double unit64 = 0x1p-53, unit32 = 0x1p-24;

}  // namespace tapewise::checking

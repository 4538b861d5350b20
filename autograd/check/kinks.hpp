#pragma once
#include <optional>
#include <tapewise/autograd/check/line.hpp>
#include <tapewise/autograd/gradcheck.hpp>

namespace tapewise::checking {

/// The first node on the way whose slope jumps where the direction starts, within a distance of
/// `reach` times the size of what moves: the two sides of a difference take different branches
/// there. `noise` is what rounding does to the output. Empty where everything is smooth.
///
/// An element's second difference over h shrinks with h where it is smooth, is as good as constant
/// at a kink and grows at a jump.
std::optional<GradcheckKink> find_kink(Line& line, const Direction& direction, double reach,
                                       double noise);

/// Whether the output itself has a corner or a jump there, or another slope around the point than
/// `slope`, as far as two replays tell: kinks may cancel in the output.
bool bends(Line& line, const Direction& direction, double slope, double reach, double noise);

/// Whether some element on the way is no straight line over a distance of `reach` times the size of
/// what moves, and not by rounding: differences with longer steps see nothing of its slope.
/// `noise_too`: nor by rounding that leaves few digits, in which the phase of a wave is lost.
/// `part`: how much of the rise is off a straight line.
bool is_rippled(Line& line, const Direction& direction, double reach, bool noise_too = false,
                double part = 0.1);

/// Whether some op on the way says that it has kinks, or computes something that is no float.
bool may_have_kinks(const Replay& real, std::span<const NodeId> nodes);

}  // namespace tapewise::checking

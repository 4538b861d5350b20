#pragma once
#include <tapewise/autograd/check/replay.hpp>
#include <tapewise/autograd/gradcheck.hpp>

namespace tapewise::checking {

/// The witness along a random direction through all held nodes. `gradients[k]` belongs to
/// `held[k]`, `roundings[k]` is what rounding does to it; `noise` what it does to the output.
TaylorWitness taylor_witness(Replay& real, std::span<const NodeId> held, NodeId output,
                             std::span<const std::vector<double>> gradients,
                             std::span<const std::vector<double>> roundings, double noise,
                             std::uint64_t seed);

}  // namespace tapewise::checking

#pragma once
#include <cstdint>

namespace tapewise::lessons {

/// How often `operator new` was called so far, by any thread: allocation_counter.cpp replaces it
/// for the whole program.
std::uint64_t allocations();

}  // namespace tapewise::lessons

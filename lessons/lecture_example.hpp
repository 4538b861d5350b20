#pragma once
#include <iosfwd>

namespace tapewise::lessons {

/// Records the worked example of M. Roch's lecture "Deep Nets", a unit with two inputs and a
/// squared error, prints its gradient table, and checks every entry numerically.
/// False when an entry is not what the check finds.
bool show_lecture_example(std::ostream& out);

}  // namespace tapewise::lessons

# How our own targets are compiled. Private: nothing of it reaches a user's code.
function(tapewise_compile_options target)
  # g++ contracts a*b+c across statements and even intrinsics by default; here fma is explicit,
  # so that every build of a rule gives the same bits.
  target_compile_options(${target} PRIVATE -ffp-contract=off -Wall -Wextra -Wpedantic -Wshadow
                                           -Wconversion $<$<BOOL:${TAPEWISE_WERROR}>:-Werror>)
  # What jumps through a table is twice as fast where the jump does not cross a cache line: without
  # this it is the linker that decides.
  target_compile_options(${target} PRIVATE -falign-functions=64)
  # g++ 12 warns wrongly about "text" + std::string (GCC bug 105651).
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
endfunction()

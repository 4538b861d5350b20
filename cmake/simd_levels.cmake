# ops/kernels/level.cpp, compiled once for each SIMD level: as it is for the baseline, and into an
# object library of its own for the others. These rename our namespace and xsimd's, so that no inline
# function of theirs can be taken for the baseline's by the linker and meet an older processor.
# xsimd 8.1 does not compile for AVX-512 without optimization: g++'s intrinsics are macros with casts
# then, which do not see a batch's conversion.
set(optimized "$<$<OR:$<CONFIG:Debug>,$<CONFIG:>>:-O2>")
# Under a sanitizer: aligned loads and stores fault by themselves, and checking all others took the
# compiler a minute of three.
list(APPEND optimized -fno-sanitize=alignment)
set_source_files_properties(
  ops/kernels/level.cpp
  PROPERTIES COMPILE_DEFINITIONS TAPEWISE_LEVEL_KERNELS=tapewise_kernels_sse2
             COMPILE_OPTIONS "${optimized}")

function(tapewise_simd_level target level)
  add_library(tapewise_${level} OBJECT ops/kernels/level.cpp)
  target_include_directories(tapewise_${level} PRIVATE "${include_dir}")
  target_compile_features(tapewise_${level} PRIVATE cxx_std_20)
  target_link_libraries(tapewise_${level} PRIVATE xtensor xsimd)
  set_target_properties(tapewise_${level} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  tapewise_compile_options(tapewise_${level})
  target_compile_options(
    tapewise_${level}
    PRIVATE -UTAPEWISE_LEVEL_KERNELS -DTAPEWISE_LEVEL_KERNELS=tapewise_kernels_${level}
            -Dtapewise=tapewise_${level} -Dxsimd=xsimd_${level} ${ARGN})
  target_sources(${target} PRIVATE "$<TARGET_OBJECTS:tapewise_${level}>")
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  tapewise_simd_level(tapewise avx2 -mavx2 -mfma)
  # g++ 12 warns wrongly about its own intrinsics' undefined values (GCC bug 105593).
  tapewise_simd_level(tapewise avx512 -Wno-maybe-uninitialized -Wno-uninitialized -mavx512f
                      -mavx512cd -mavx512dq -mavx512bw -mavx512vl -mfma -mprefer-vector-width=512)
else()
  message(FATAL_ERROR "tapewise holds kernels for x86-64 only")
endif()

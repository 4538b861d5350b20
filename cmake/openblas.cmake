# The target tapewise::openblas; also installed, for users of the static library.
# Not FindBLAS: if another project has found a generic libblas.so first, BLAS::BLAS is that one,
# and it lacks openblas_set_num_threads.
find_library(TAPEWISE_OPENBLAS openblas REQUIRED)
mark_as_advanced(TAPEWISE_OPENBLAS)
if(NOT TARGET tapewise::openblas)
  add_library(tapewise::openblas INTERFACE IMPORTED)
  set_target_properties(tapewise::openblas PROPERTIES INTERFACE_LINK_LIBRARIES
                                                      "${TAPEWISE_OPENBLAS}")
endif()

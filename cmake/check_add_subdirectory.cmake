# The sources as a subdirectory of a user's project. Building the whole library once more would take
# as long as the rest of the tests: some of its objects are built there, one of each kind, and the
# user's programs are linked, by the command that the project has for it, with the library that the
# tests have been built with. That all its objects can be built, ninja says without doing it.
#
#   cmake -DPROJECT=tests/consumer -DBUILD=... -DTAPEWISE_FOLDER=... -DLIBRARY=libtapewise.a
#         -DNINJA=ninja -DOPTIONS=... -P check_add_subdirectory.cmake
function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${BUILD}" RESULT_VARIABLE status
                  OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN}\n${out}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${BUILD}")
file(MAKE_DIRECTORY "${BUILD}")
run("${CMAKE_COMMAND}" -S "${PROJECT}" -B . -G Ninja "-DTAPEWISE_FOLDER=${TAPEWISE_FOLDER}"
    ${OPTIONS})
run("${NINJA}" -n)
set(objects tapewise/CMakeFiles/tapewise.dir)
run("${NINJA}" "${objects}/autograd/tape.cpp.o" "${objects}/ops/rounding.cpp.o"
    "${objects}/nn/init.cpp.o")
file(COPY_FILE "${LIBRARY}" "${BUILD}/tapewise/libtapewise.a")
foreach(program IN ITEMS plain with_xsimd)
  run("${NINJA}" "CMakeFiles/${program}.dir/main.cpp.o")
  run("${NINJA}" -t commands -s ${program})  # -s: the last one only
  file(WRITE "${BUILD}/link.sh" "${out}")
  run(sh link.sh)
  run("./${program}")
endforeach()

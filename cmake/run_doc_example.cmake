# Checks a program in a markdown file: takes the INDEX-th (from 0) ```cpp block, builds it as a
# user would, against the package installed in PREFIX, and compares its output, exactly, with the
# next ``` or ```text block.
#
#   cmake -DDOCUMENT=README.md -DINDEX=0 -DPREFIX=... -DWORK_DIR=... [-DCONFIGURE_OPTIONS=...]
#         -P run_doc_example.cmake

# Cuts off the front of ${rest} through the next line that is exactly one of the fences;
# what follows, up to the closing fence, goes into ${result}.
# Plain string(FIND): CMake's lists would trip over the brackets and semicolons of C++.
macro(next_block result)
  set(start -1)
  foreach(fence IN ITEMS ${ARGN})
    string(FIND "${rest}" "\n${fence}\n" position)
    if(position GREATER -1 AND (start EQUAL -1 OR position LESS start))
      set(start ${position})
      set(opening "\n${fence}\n")
    endif()
  endforeach()
  if(start EQUAL -1)
    message(FATAL_ERROR "${DOCUMENT}: example ${INDEX} not found, no block ${ARGN}")
  endif()
  string(LENGTH "${opening}" length)
  math(EXPR start "${start} + ${length}")
  string(SUBSTRING "${rest}" ${start} -1 rest)
  string(FIND "${rest}" "\n```\n" length)
  if(length EQUAL -1)
    message(FATAL_ERROR "${DOCUMENT}: a block is not closed")
  endif()
  string(SUBSTRING "${rest}" 0 ${length} ${result})
  math(EXPR start "${length} + 5")
  string(SUBSTRING "${rest}" ${start} -1 rest)
  string(PREPEND rest "\n")
  string(APPEND ${result} "\n")
endmacro()

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${DOCUMENT}: example ${INDEX} does not build\n${out}")
  endif()
endfunction()

file(READ "${DOCUMENT}" rest)
string(PREPEND rest "\n")
string(APPEND rest "\n")
foreach(i RANGE ${INDEX})
  next_block(program "```cpp")
endforeach()
next_block(expected "```" "```text")

file(WRITE "${WORK_DIR}/example.cpp" "${program}")
file(WRITE "${WORK_DIR}/CMakeLists.txt" [[
cmake_minimum_required(VERSION 3.22)
project(example LANGUAGES CXX)
find_package(tapewise REQUIRED)
add_executable(example example.cpp)
target_link_libraries(example tapewise::tapewise)
]])
run("${CMAKE_COMMAND}" -S "${WORK_DIR}" -B "${WORK_DIR}/build" "-DCMAKE_PREFIX_PATH=${PREFIX}"
    ${CONFIGURE_OPTIONS})
run("${CMAKE_COMMAND}" --build "${WORK_DIR}/build")

execute_process(COMMAND "${WORK_DIR}/build/example" RESULT_VARIABLE status OUTPUT_VARIABLE output)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${DOCUMENT}: example ${INDEX} ended with ${status}; its output:\n${output}")
endif()
if(NOT output STREQUAL expected)
  file(WRITE "${WORK_DIR}/expected.txt" "${expected}")
  file(WRITE "${WORK_DIR}/output.txt" "${output}")
  execute_process(COMMAND diff -u "${WORK_DIR}/expected.txt" "${WORK_DIR}/output.txt"
                  OUTPUT_VARIABLE difference)
  message(FATAL_ERROR "${DOCUMENT}: example ${INDEX} prints something else\n${difference}")
endif()

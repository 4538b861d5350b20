# Fails when the object of a SIMD level defines an inline function under a name that other objects
# may define, too: the linker could take it for theirs and run it on an older processor.
#   cmake -DNM=... -DOBJECTS=a.o;b.o -DLEVEL=avx2 -P check_level_symbols.cmake
set(checked 0)
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND "${NM}" -C --defined-only "${object}" OUTPUT_VARIABLE symbols
                                                               COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]+" lines "${symbols}")
  foreach(line IN LISTS lines)
    if(line MATCHES "^[0-9a-f]+ [WVu] " AND NOT line MATCHES "DW\\.ref")
      math(EXPR checked "${checked} + 1")
      if(NOT line MATCHES "tapewise_${LEVEL}|xsimd_${LEVEL}")
        message(SEND_ERROR "shared by all levels: ${line}")
      endif()
    endif()
  endforeach()
endforeach()
if(checked EQUAL 0)
  message(FATAL_ERROR "no inline functions found: wrong file?")
endif()
message(STATUS "${checked} symbols, all of ${LEVEL}")

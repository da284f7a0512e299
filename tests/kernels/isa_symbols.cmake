# Run by ctest (cmake -P): what a source of one instruction set defines for others to see must stand in that set's
# namespace. A template of the standard library that was compiled there and not inlined could be kept by the linker for
# the whole program, which would then need that instruction set from the first line on.
execute_process(COMMAND ${NM} --defined-only --extern-only --demangle ${OBJECTS} OUTPUT_VARIABLE text
                COMMAND_ERROR_IS_FATAL ANY)
set(sanitizers "^(__(asan|tsan|ubsan|odr)|DW[.]ref[.])")
string(REPLACE ";" "," text "${text}")
string(REPLACE "\n" ";" lines "${text}")
set(foreign "")
foreach(line IN LISTS lines)
  if(line MATCHES "^[0-9a-f]+ ([A-Za-z]) (.*)$")
    set(symbol "${CMAKE_MATCH_2}")
    if(NOT symbol MATCHES "::${ISA}::" AND NOT symbol MATCHES "::${TABLE}$" AND NOT symbol MATCHES "${sanitizers}")
      string(APPEND foreign "  ${symbol}\n")
    endif()
  endif()
endforeach()
if(foreign)
  message(FATAL_ERROR "defined outside of namespace ${ISA}:\n${foreign}")
endif()

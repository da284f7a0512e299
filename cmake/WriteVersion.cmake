# Run at each build (cmake -P): writes version.cpp from version.cpp.in, touching it only when its text changes.
execute_process(COMMAND git -C ${SOURCE_DIR} rev-parse HEAD OUTPUT_VARIABLE GIT_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE
                ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(GIT_COMMIT unknown)
else()
  execute_process(COMMAND git -C ${SOURCE_DIR} status --porcelain OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes)
    string(APPEND GIT_COMMIT "+dirty")
  endif()
endif()
configure_file(${SOURCE_DIR}/core/version.cpp.in ${OUTPUT} @ONLY)

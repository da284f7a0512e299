# The script of the HTML report comes from npm's packages: d3 for its axes and brushes, esbuild to make one file of it.
# `npm ci` runs while configuring, only when the lock file is another one than last time. Where there is no npm, or its
# registry does not answer, the build goes on without, and the report shows plain SVG. sweep_web_script(OUTPUT …) makes
# the file; it is empty then.
set(SWEEP_WEB AUTO CACHE STRING "Build the script of the HTML report with npm: AUTO (where it answers), ON or OFF")
set_property(CACHE SWEEP_WEB PROPERTY STRINGS AUTO ON OFF)

set(SWEEP_WEB_SOURCES ${CMAKE_SOURCE_DIR}/sweep/html/web)
set(SWEEP_WEB_MODULES ${CMAKE_BINARY_DIR}/web)
set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${SWEEP_WEB_SOURCES}/package-lock.json)
find_program(SWEEP_NPM npm)
find_program(SWEEP_NODE NAMES node nodejs)
find_program(SWEEP_CHROMIUM NAMES chromium chromium-browser google-chrome)

# What the browser tests need is installed only where they can run.
set(omit --omit=dev)
if(SWEEP_TESTS AND SWEEP_CHROMIUM)
  set(omit "")
endif()

set(SWEEP_HAS_WEB OFF)
if(SWEEP_WEB STREQUAL "OFF")
  set(reason "SWEEP_WEB is OFF")
elseif(NOT SWEEP_NPM OR NOT SWEEP_NODE)
  set(reason "npm is not there")
else()
  file(SHA256 ${SWEEP_WEB_SOURCES}/package-lock.json wanted)
  set(wanted "${wanted}${omit}")
  set(stamp ${SWEEP_WEB_MODULES}/installed)
  set(installed "")
  if(EXISTS ${stamp})
    file(READ ${stamp} installed)
  endif()
  set(result 0)
  if(NOT installed STREQUAL wanted)
    file(MAKE_DIRECTORY ${SWEEP_WEB_MODULES})
    configure_file(${SWEEP_WEB_SOURCES}/package.json ${SWEEP_WEB_MODULES}/package.json COPYONLY)
    configure_file(${SWEEP_WEB_SOURCES}/package-lock.json ${SWEEP_WEB_MODULES}/package-lock.json COPYONLY)
    execute_process(
      COMMAND ${SWEEP_NPM} ci ${omit} --ignore-scripts --no-audit --no-fund --prefer-offline --fetch-retries=0
              --fetch-timeout=20000
      WORKING_DIRECTORY ${SWEEP_WEB_MODULES} TIMEOUT 120 RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(result EQUAL 0)
      file(WRITE ${stamp} "${wanted}")
    else()
      string(REGEX MATCH "[^\n]*ERR[^\n]*|[^\n]*error[^\n]*" reason "${output}")
      set(reason "npm ci failed: ${reason}")
    endif()
  endif()
  if(result EQUAL 0)
    set(SWEEP_HAS_WEB ON)
  endif()
endif()
if(SWEEP_HAS_WEB)
  message(STATUS "HTML report: with its script, built by npm")
elseif(SWEEP_WEB STREQUAL "ON")
  message(FATAL_ERROR "HTML report: ${reason}")
else()
  message(STATUS "HTML report: plain SVG (${reason})")
endif()

function(sweep_web_script output)
  if(SWEEP_HAS_WEB)
    file(GLOB sources CONFIGURE_DEPENDS ${SWEEP_WEB_SOURCES}/src/*.js)
    add_custom_command(OUTPUT ${output}
      COMMAND ${SWEEP_NODE} ${SWEEP_WEB_SOURCES}/bundle.js ${SWEEP_WEB_MODULES}/node_modules ${output}
      DEPENDS ${sources} ${SWEEP_WEB_SOURCES}/bundle.js ${SWEEP_WEB_MODULES}/installed VERBATIM)
  else()
    file(CONFIGURE OUTPUT ${output} CONTENT "")
  endif()
endfunction()

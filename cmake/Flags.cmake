# Compiler flags, as two interface targets; no target sets flags of its own except a kernel's instruction set.
#
# sweep_warnings: language and warnings, for every target.
# sweep_portable: what the promise of portable-1 needs (docs/reproducibility.md). core/ links it publicly, so that no
#   source of the project can be compiled without it. -fno-math-errno and -fno-trapping-math change no value: they
#   let sqrt be one instruction and let a selection be vectorised; -fno-fast-math goes first, behind them it would undo
#   them. x86-64-v3 makes std::fma one instruction.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
# The sanitizers' build type: a report needs lines and frames, not variables, and compiling is most of their time.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

add_library(sweep_warnings INTERFACE)
target_compile_options(sweep_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough -Wno-missing-field-initializers>)
target_include_directories(sweep_warnings INTERFACE ${CMAKE_SOURCE_DIR})

set(SWEEP_PORTABLE_CXX_FLAGS -march=x86-64-v3 -fno-fast-math -ffp-contract=off -fno-math-errno -fno-trapping-math)
# For what explains a difference, and nothing that trains: the same with contraction. A sanitizer's calls lie between a
# product and its sum, so that the compiler would contract less.
list(TRANSFORM SWEEP_PORTABLE_CXX_FLAGS REPLACE "contract=off" "contract=fast" OUTPUT_VARIABLE SWEEP_CONTRACTING_CXX_FLAGS)
list(APPEND SWEEP_CONTRACTING_CXX_FLAGS -fno-sanitize=all)
set(SWEEP_PORTABLE_CUDA_FLAGS -fmad=false -ftz=false -prec-div=true -prec-sqrt=true)
add_library(sweep_portable INTERFACE)
target_compile_options(sweep_portable INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:${SWEEP_PORTABLE_CXX_FLAGS}>"
  "$<$<COMPILE_LANGUAGE:CUDA>:${SWEEP_PORTABLE_CUDA_FLAGS}>"
  "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-march=x86-64-v3,-fno-fast-math,-ffp-contract=off,-fno-math-errno,-fno-trapping-math>")

if(SWEEP_SANITIZE)
  add_compile_options(-fsanitize=${SWEEP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SWEEP_SANITIZE})
endif()

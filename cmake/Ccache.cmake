# Use ccache where it is installed.
find_program(SWEEP_CCACHE ccache)
if(SWEEP_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SWEEP_CCACHE})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${SWEEP_CCACHE})
endif()

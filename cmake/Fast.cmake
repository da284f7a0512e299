# Sets SWEEP_HAVE_FAST where the headers of cuDNN and cuBLASLt are found, with or without package configurations. The
# libraries are not linked: a program opens them when a trial of fast-1 wants them, by the loader's search and then
# where they are found here. Absent, everything else is built as it is with them.
option(SWEEP_FAST "Build fast-1 where the headers of cuDNN and cuBLASLt are found" ON)
set(SWEEP_HAVE_FAST OFF)
if(SWEEP_FAST)
  set(fast_roots "$ENV{CUDNN_PATH}" "$ENV{CUDNN_ROOT}" "$ENV{CUDA_HOME}" "${CUDAToolkit_TARGET_DIR}" /usr/local/cuda)
  find_path(SWEEP_CUDNN_INCLUDE cudnn_graph.h HINTS ${fast_roots} PATH_SUFFIXES include include/x86_64-linux-gnu)
  find_path(SWEEP_CUBLASLT_INCLUDE cublasLt.h HINTS ${fast_roots} PATH_SUFFIXES include)
  find_path(SWEEP_CUDA_INCLUDE cuda_runtime_api.h HINTS ${fast_roots} PATH_SUFFIXES include)
  find_library(SWEEP_CUDNN_FILE NAMES libcudnn.so.9 HINTS ${fast_roots} PATH_SUFFIXES lib lib64 lib/x86_64-linux-gnu)
  find_library(SWEEP_CUBLASLT_FILE NAMES libcublasLt.so.13 libcublasLt.so.12 HINTS ${fast_roots}
    PATH_SUFFIXES lib lib64 lib/x86_64-linux-gnu)
  mark_as_advanced(SWEEP_CUDNN_INCLUDE SWEEP_CUBLASLT_INCLUDE SWEEP_CUDA_INCLUDE SWEEP_CUDNN_FILE SWEEP_CUBLASLT_FILE)
  if(SWEEP_CUDNN_INCLUDE AND SWEEP_CUBLASLT_INCLUDE AND SWEEP_CUDA_INCLUDE)
    set(SWEEP_HAVE_FAST ON)
  endif()
endif()
message(STATUS "fast-1 (cuDNN, cuBLASLt): ${SWEEP_HAVE_FAST}")

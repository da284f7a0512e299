# The CUDA part of the target kernels; included by CMakeLists.txt. Language standard and the flags of portable-1 come
# from sweep_warnings and sweep_portable (cmake/), the architectures from SWEEP_CUDA_ARCHITECTURES.

# The sources that the tests also compile for the host, against the block emulator, whether there is nvcc or not.
set(cuda_ops augment_cuda.cu batch_cuda.cu batch_norm_cuda.cu column_sum_cuda.cu conv2d_cuda.cu elementwise_cuda.cu
    gemm_cuda.cu loss_cuda.cu norm_cuda.cu optimizer_cuda.cu pool2d_cuda.cu)
list(APPEND cuda_ops attention_cuda.cu embedding_cuda.cu layer_norm_cuda.cu fast/cast_cuda.cu)
list(TRANSFORM cuda_ops PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
set_property(GLOBAL PROPERTY SWEEP_CUDA_OPS ${cuda_ops})

if(SWEEP_HAVE_CUDA)
  target_sources(kernels PRIVATE cuda_backend.cu ${cuda_ops})
  target_compile_options(kernels PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:-lineinfo;-Xcompiler=-Wall,-Wextra,-Wno-missing-field-initializers>")
  target_link_libraries(kernels PRIVATE CUDA::cudart_static)
else()
  target_sources(kernels PRIVATE cuda_absent.cpp)
endif()

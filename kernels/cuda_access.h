// What a table that is built upon the CUDA one needs of a CUDA context, without a header of CUDA. Defined in
// cuda_backend.cu and fast/cast_cuda.cu, and so only in a build with nvcc. Caller: fast/cuda_fast.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/backends.h"

namespace kernels::cuda {

/// The context's stream, a cudaStream_t.
void* stream_handle(Context& context);

/// Whether ops are being written down and not run.
bool is_recording(Context& context);

/// launch.h's workspace(), aligned to 256 bytes.
void* scratch(Context& context, const char* op, std::size_t bytes);

/// out[i] = in[i], rounded to bfloat16, and back (bf16_formula.h). In stream order.
void to_bf16(Context& context, std::uint16_t* out, const float* in, std::size_t count);
void from_bf16(Context& context, float* out, const std::uint16_t* in, std::size_t count);

}  // namespace kernels::cuda

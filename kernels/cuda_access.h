// What a table that is built upon the CUDA one needs of a CUDA context, without a header of CUDA. Defined in
// cuda_backend.cu and fast/cast_cuda.cu, and so only in a build with nvcc. Caller: fast/cuda_fast.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "kernels/backends.h"

namespace kernels::cuda {

/// What another table keeps with a context; goes before the context's stream does, once the stream has come to rest.
class Attachment {
 public:
  virtual ~Attachment() = default;
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;

 protected:
  Attachment() = default;
};

/// The one that the context has; null where there is none.
Attachment* attachment(Context& context);
void attach(Context& context, std::unique_ptr<Attachment> attachment);

/// The context's stream, a cudaStream_t.
void* stream_handle(Context& context);

/// launch.h's workspace(), aligned to 256 bytes.
void* scratch(Context& context, const char* op, std::size_t bytes);

/// out[i] = in[i], rounded to bfloat16, and back (bf16_formula.h). In stream order.
void to_bf16(Context& context, std::uint16_t* out, const float* in, std::size_t count);
void from_bf16(Context& context, float* out, const std::uint16_t* in, std::size_t count);

}  // namespace kernels::cuda

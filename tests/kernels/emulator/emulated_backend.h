// The CUDA ops as a back end of the host: the sources of kernels/*_cuda.cu, compiled against the block emulator. For
// tests. Memory comes from malloc to the byte, so that the address sanitizer sees its ends, and is filled with NaNs.
#pragma once

#include <memory>

#include "kernels/backends.h"

namespace kernels {

const Backend& emulated_backend();

/// `multiprocessors`: what the ops are told of the device. It decides how they split their work.
std::unique_ptr<Context> make_emulated_context(int multiprocessors);

}  // namespace kernels

// The table of fast-1 upon that of a device: which entries are the libraries', and what stands between an op and a
// plan. Callers: cuda_fast.cpp, for the GPU; tests, which put stand-ins in the place of device and libraries. No header
// of NVIDIA is needed, and no GPU.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/backends.h"
#include "kernels/fast/plans.h"

namespace kernels::fast {

/// What the entries need of the device below.
struct Device {
  const Backend* portable;  ///< of everything that is no library's
  /// Scratch memory of at least `bytes`, aligned to 256; good until the next call, in stream order. What is recorded
  /// keeps what it was given.
  void* (*scratch)(Context&, const char* op, std::size_t bytes);
  /// Arrays rounded to bfloat16 (bf16_formula.h), and back. In stream order.
  void (*to_bf16)(Context&, std::uint16_t* out, const float* in, std::size_t count);
  void (*from_bf16)(Context&, float* out, const std::uint16_t* in, std::size_t count);
};

/// What a trial keeps with its context.
class Trial final : public Attachment {
 public:
  /// `device` must outlive it.
  Trial(const Device& its_device, Precision its_precision, Plans::Libraries libraries, std::vector<Choice> recorded)
      : device(its_device), precision(its_precision), plans(std::move(libraries), std::move(recorded)) {}

  const Device& device;
  const Precision precision;
  Plans plans;
};

/// `portable` with the entries of fast-1. Requires of every call of one: the context's attachment is a Trial.
Backend table_upon(Backend portable);

}  // namespace kernels::fast

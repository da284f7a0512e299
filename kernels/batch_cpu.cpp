// What makes a batch, on the CPU: the state of its step, its samples' indices, their rows, plain or augmented, and
// labels, the fingerprint of the indices; and what a step leaves behind. What augmentation makes of a sample is in
// augment_isa_cpu.cpp.
#include <algorithm>
#include <cstring>

#include "kernels/cpu_context.h"
#include "kernels/fingerprint_formula.h"
#include "kernels/ops.h"
#include "kernels/shuffle_formula.h"

namespace kernels::ops {
namespace {

constexpr int kLeast = 8192;  // elements that pay for waking another thread

/// Rows lie anywhere, so that the processor's own prefetcher finds the next one too late.
template <class T>
void prefetch(const T* row, std::size_t columns) {
  constexpr std::size_t kLine = 64 / sizeof(T);
  for (std::size_t j = 0; j < columns; j += kLine) __builtin_prefetch(row + j);
}

void place_pixels(float* out, const std::uint8_t* from, std::size_t columns, const float* values,
                  std::size_t channels) {
  if (channels == 1) {
    for (std::size_t j = 0; j < columns; ++j) out[j] = values[from[j]];
    return;
  }
  for (std::size_t j = 0; j < columns; j += channels)
    for (std::size_t c = 0; c < channels; ++c) out[j + c] = values[c * kBytes + from[j + c]];
}

}  // namespace

void next_step(Context& any_context, StepState* now, const StepState* plan) {
  cpu::cpu_context(any_context);
  *now = plan[now->begun];
}

void store_row(Context& any_context, std::uint32_t* table, const std::uint32_t* row, int words,
               const StepState* state) {
  cpu::cpu_context(any_context);
  const auto size = static_cast<std::size_t>(words);
  std::copy_n(row, size, table + (state->begun - 1) * size);
}

void shuffle_indices(Context& any_context, std::uint32_t* out, std::uint32_t n, std::uint64_t seed,
                     const StepState* state, std::uint32_t count) {
  cpu::cpu_context(any_context);
  if (count == 0) return;
  const core::Permutation order = epoch_order(n, seed, state->epoch);
  for (std::uint32_t i = 0; i < count; ++i) out[i] = static_cast<std::uint32_t>(order(state->first + i));
}

void gather_rows(Context& any_context, float* out, const float* source, const std::uint32_t* indices, int count,
                 int columns) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  if (columns <= 0) return;
  const auto row = static_cast<std::size_t>(columns);
  context.split(count, 1, std::max(1, kLeast / columns), [&](int first, int last) {
    for (int i = first; i < last; ++i) {
      if (i + 1 < last) prefetch(source + indices[i + 1] * row, row);
      std::memcpy(out + static_cast<std::size_t>(i) * row, source + indices[i] * row, row * sizeof(float));
    }
  });
}

void gather_pixels(Context& any_context, float* out, const std::uint8_t* source, const std::uint32_t* rows,
                   const std::uint32_t* indices, int count, int columns, const float* values, int channels) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  if (columns <= 0) return;
  const auto size = static_cast<std::size_t>(columns);
  const auto from = [&](int i) { return source + rows[indices ? indices[i] : static_cast<std::uint32_t>(i)] * size; };
  context.split(count, 1, std::max(1, kLeast / columns), [&](int first, int last) {
    for (int i = first; i < last; ++i) {
      if (i + 1 < last) prefetch(from(i + 1), size);
      place_pixels(out + static_cast<std::size_t>(i) * size, from(i), size, values, static_cast<std::size_t>(channels));
    }
  });
}

void augment_rows(Context& any_context, float* out, const float* x, const std::uint32_t* indices, int count,
                  const ImageShape& shape, const Augmentation& how, const float* fill, std::uint64_t seed,
                  const StepState* state) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  const std::size_t size = static_cast<std::size_t>(shape.height) * static_cast<std::size_t>(shape.width) *
                           static_cast<std::size_t>(shape.channels);
  context.split(count, 1, std::max(1, kLeast / static_cast<int>(size)), [&](int first, int last) {
    for (int i = first; i < last; ++i) {
      const std::size_t at = static_cast<std::size_t>(i) * size;
      context.table.augment_sample(out + at, x + at, shape, how, fill, seed, state->epoch, indices[i]);
    }
  });
}

void gather_labels(Context& any_context, std::int32_t* out, const std::int32_t* source, const std::uint32_t* indices,
                   int count, int columns) {
  cpu::cpu_context(any_context);
  const auto row = static_cast<std::size_t>(columns);
  for (std::size_t i = 0; i < static_cast<std::size_t>(std::max(count, 0)); ++i)
    std::copy_n(source + indices[i] * row, row, out + i * row);
}

void batch_fingerprint(Context& any_context, const std::uint32_t* indices, int count, std::uint64_t* out) {
  cpu::cpu_context(any_context);
  *out = fingerprint_range(indices, 0, count, kBatchTensor);
}

}  // namespace kernels::ops

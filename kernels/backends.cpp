// Memory that knows what it is for, and ops over all tensors of a network.
#include "kernels/backends.h"

namespace kernels {

void* allocate_for(const Backend& backend, Context& context, std::size_t bytes, std::string_view what) {
  try {
    return backend.allocate(context, bytes);
  } catch (const OutOfMemory& error) {
    if (what.empty()) throw;
    throw OutOfMemory(std::string(what) + ": " + error.what());
  }
}

namespace {

// Returns how many are trained.
int square_all(const Backend& backend, Context& context, std::span<const OptimizedTensor> tensors, float* squares) {
  int trained = 0;
  for (const OptimizedTensor& t : tensors) {
    if (t.m == nullptr) continue;
    if (backend.sum_of_squares_all == nullptr) backend.sum_of_squares(context, squares + trained, t.gradient, t.count);
    ++trained;
  }
  if (backend.sum_of_squares_all != nullptr)
    backend.sum_of_squares_all(context, squares, tensors.data(), static_cast<int>(tensors.size()));
  return trained;
}

}  // namespace

void update_all(const Backend& backend, Context& context, const OptimizerSettings& settings, StepState* state,
                std::span<const OptimizedTensor> tensors, float clip_norm, float* squares,
                std::uint64_t* fingerprints) {
  if (clip_norm > 0) {
    const int trained = square_all(backend, context, tensors, squares);
    backend.clip_gradients(context, state, squares, trained, clip_norm);
  }
  if (backend.optimizer_update_all != nullptr)
    return backend.optimizer_update_all(context, settings, state, tensors.data(), static_cast<int>(tensors.size()),
                                        fingerprints);
  for (const OptimizedTensor& t : tensors) {
    std::uint64_t* const print = fingerprints == nullptr ? nullptr : fingerprints++;
    if (t.m != nullptr)
      backend.optimizer_update(context, settings, state, t.w, t.m, t.v, t.gradient, t.count, t.tensor, print);
    else if (print != nullptr)
      backend.fingerprint(context, t.w, t.count, t.tensor, print);
  }
}

}  // namespace kernels

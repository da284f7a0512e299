// One table of ops per back end. trainer/ computes only through this table; a test runs every entry of every table
// against the plain formula. Promise of every entry in the tables below: portable (docs/reproducibility.md): the same
// bits from every back end, thread count, instruction set and launch shape.
//
// Memory: every pointer named here is device memory of the table's back end (host memory for cpu), 64-byte aligned,
// from `allocate`. Matrices are row-major without gaps. Nothing blocks but `copy_to_host` and `synchronize`; ops run
// in the order of the calls on one context. A context is used by one thread at a time.
// Errors: EnvironmentError that names the call, the op and the bytes; OutOfMemory, with the tensor's name where it has
// one, where memory is exhausted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "kernels/kept_memory.h"
#include "kernels/ops.h"

namespace kernels {

/// What a table that is built upon another one keeps with that one's context.
class Attachment {
 public:
  virtual ~Attachment() = default;
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;

 protected:
  Attachment() = default;
};

/// What a back end needs to run: worker threads (cpu), a stream (cuda). Opaque to callers.
class Context {
 public:
  virtual ~Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// See describe_device.
  virtual std::string describe() const = 0;

  /// What `allocate` takes from and `release` gives back to; null where the back end keeps nothing.
  virtual KeptMemory* kept_memory() { return nullptr; }

  std::unique_ptr<Attachment> attachment;  ///< null where there is none; of cuda it goes before the stream does

 protected:
  Context() = default;
};

/// Ops with their arguments, written down once to be run again and again: see record(). Dies before its context; the
/// memory that its ops were given outlives it.
class Recording {
 public:
  virtual ~Recording() = default;
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

 protected:
  Recording() = default;
};

/// Memory of the device is exhausted.
class OutOfMemory : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Backend {
  const char* name;  ///< "cpu" or "cuda"

  void* (*allocate)(Context&, std::size_t bytes);  ///< never null, also for 0 bytes; contents undefined
  void (*release)(Context&, void* pointer);
  void (*copy_to_device)(Context&, void* to, const void* from_host, std::size_t bytes);
  void (*copy_to_host)(Context&, void* to_host, const void* from, std::size_t bytes);  ///< waits
  void (*set_zero)(Context&, void* pointer, std::size_t bytes);
  void (*synchronize)(Context&);

  /// From here to end_recording ops and set_zero are written down and not run; nothing else may be called on the
  /// context. Callers use record().
  void (*begin_recording)(Context&);
  std::unique_ptr<Recording> (*end_recording)(Context&);
  /// Runs what was written down, in order.
  void (*replay)(Context&, const Recording&);

  decltype(&ops::gemm) gemm;
  decltype(&ops::fused_dense) fused_dense = nullptr;  ///< null: no layer is one call
  decltype(&ops::fused_dense_backward) fused_dense_backward = nullptr;
  decltype(&ops::fused_conv2d) fused_conv2d = nullptr;
  decltype(&ops::next_step) next_step;
  decltype(&ops::store_row) store_row;
  decltype(&ops::shuffle_indices) shuffle_indices;
  decltype(&ops::gather_rows) gather_rows;
  decltype(&ops::gather_pixels) gather_pixels;
  decltype(&ops::augment_rows) augment_rows;
  decltype(&ops::gather_labels) gather_labels;
  decltype(&ops::bias_activation) bias_activation;
  decltype(&ops::activation_backward) activation_backward;
  decltype(&ops::dropout) dropout;
  decltype(&ops::column_sum) column_sum;
  decltype(&ops::conv2d) conv2d;
  decltype(&ops::conv2d_data) conv2d_data;
  decltype(&ops::conv2d_filter) conv2d_filter;
  decltype(&ops::max_pool2d) max_pool2d;
  decltype(&ops::max_pool2d_backward) max_pool2d_backward;
  decltype(&ops::average_pool2d) average_pool2d;
  decltype(&ops::average_pool2d_backward) average_pool2d_backward;
  decltype(&ops::batch_norm) batch_norm;
  decltype(&ops::batch_norm_evaluate) batch_norm_evaluate;
  decltype(&ops::batch_norm_backward) batch_norm_backward;
  /// All three, or null in a table that has them not: the caller then makes the two ops that each is made of, which
  /// give the same bits.
  decltype(&ops::batch_norm_max_pool) batch_norm_max_pool = nullptr;
  decltype(&ops::batch_norm_max_pool_evaluate) batch_norm_max_pool_evaluate = nullptr;
  decltype(&ops::batch_norm_max_pool_backward) batch_norm_max_pool_backward = nullptr;
  decltype(&ops::softmax_cross_entropy) softmax_cross_entropy;
  decltype(&ops::rank_labels) rank_labels;
  decltype(&ops::regression_loss) regression_loss;
  decltype(&ops::add) add;
  decltype(&ops::embed) embed;
  decltype(&ops::embed_backward) embed_backward;
  decltype(&ops::layer_norm) layer_norm;
  decltype(&ops::layer_norm_backward) layer_norm_backward;
  decltype(&ops::attention) attention;
  decltype(&ops::attention_backward) attention_backward;
  decltype(&ops::initialise) initialise;
  decltype(&ops::sum_of_squares) sum_of_squares;
  decltype(&ops::clip_gradients) clip_gradients;
  decltype(&ops::optimizer_update) optimizer_update;
  /// Both, or null: update_all() then makes the ops one by one.
  decltype(&ops::sum_of_squares_all) sum_of_squares_all = nullptr;
  decltype(&ops::optimizer_update_all) optimizer_update_all = nullptr;
  decltype(&ops::fingerprint) fingerprint;
  decltype(&ops::batch_fingerprint) batch_fingerprint;
};

/// Writes down the ops and set_zeros that calls() makes, instead of running them: a CUDA graph, or a list on the other
/// back ends. Every replay reads and writes the same memory; only what lies in it changes.
/// Requires: the same calls have been run before, so that whatever a device makes ready at a first call is there;
/// calls() copies, allocates and waits for nothing. Errors: those of the calls; EnvironmentError.
template <class Calls>
std::unique_ptr<Recording> record(const Backend& backend, Context& context, Calls&& calls) {
  backend.begin_recording(context);
  try {
    calls();
  } catch (...) {
    try {
      (void)backend.end_recording(context);
    } catch (const std::exception&) {  // the first error is the one to tell
    }
    throw;
  }
  return backend.end_recording(context);
}

/// Instruction set of the CPU back end. kBest is the widest that this machine has; asking for one it lacks is an
/// EnvironmentError. The bits are the same for all of them.
enum class CpuIsa { kBest, kPlain, kAvx2, kAvx512 };

/// The CPU table and its context with `threads` ≥ 1 threads, the calling one included.
const Backend& cpu_backend();
std::unique_ptr<Context> make_cpu_context(int threads, CpuIsa isa = CpuIsa::kBest);
CpuIsa cpu_isa(const Context& context);  ///< what kBest became
const char* name(CpuIsa isa);

/// The CUDA table; null where this build has none.
const Backend* cuda_backend();
/// A context on the first visible GPU (the controller makes one visible). Errors: EnvironmentError that says what is
/// missing: build, driver or device.
std::unique_ptr<Context> make_cuda_context();

/// The device as recorded with an attempt: name, compute capability, SM count, driver (cuda); model name and
/// instruction set (cpu).
std::string describe_device(const Context& context);

/// One step of the optimizer on all tensors of a network, and their fingerprints (one a tensor, or null). clip_norm
/// above 0: with clip_gradients before, for which `squares` has room for one number a tensor.
void update_all(const Backend& backend, Context& context, const OptimizerSettings& settings, StepState* state,
                std::span<const OptimizedTensor> tensors, float clip_norm, float* squares, std::uint64_t* fingerprints);

/// Backend::allocate for `what`, which an OutOfMemory then names.
void* allocate_for(const Backend& backend, Context& context, std::size_t bytes, std::string_view what);

/// Device memory with an owner. Movable; empty when default-constructed.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  /// `what` is the tensor's name in a message. Errors: OutOfMemory.
  Buffer(const Backend& backend, Context& context, std::size_t count, std::string_view what = {})
      : backend_(&backend),
        context_(&context),
        count_(count),
        data_(static_cast<T*>(allocate_for(backend, context, count * sizeof(T), what))) {}
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer() {
    if (data_ != nullptr) backend_->release(*context_, data_);
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return count_; }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(backend_, other.backend_);
    std::swap(context_, other.context_);
    std::swap(count_, other.count_);
    std::swap(data_, other.data_);
  }

  const Backend* backend_ = nullptr;
  Context* context_ = nullptr;
  std::size_t count_ = 0;
  T* data_ = nullptr;
};

}  // namespace kernels

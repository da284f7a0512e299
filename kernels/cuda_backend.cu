// The CUDA back end: context, memory, errors, and its table. All of CUDA's API is behind this file; the ops launch
// through launch.h. Linked against the static runtime, so that the program starts where no driver is installed.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "kernels/cuda_access.h"
#include "kernels/cuda_ops.h"
#include "kernels/gpu_facts.h"

namespace kernels {
namespace cuda {
namespace {

/// What the device has left, for a message.
std::string memory_left() {
  std::size_t left = 0, all = 0;
  if (cudaMemGetInfo(&left, &all) != cudaSuccess) return "";
  return ", " + std::to_string(left) + " of the device's " + std::to_string(all) + " bytes are free";
}

/// Throws what `error` means: OutOfMemory, or EnvironmentError with call, op and bytes (0: not about memory).
void require(cudaError_t error, const char* call, const std::string& op, std::size_t bytes = 0) {
  if (error == cudaSuccess) return;
  (void)cudaGetLastError();  // an error that can be survived is not reported twice
  const std::string amount = bytes > 0 ? " of " + std::to_string(bytes) + " bytes" : "";
  const std::string text = op + ": " + call + amount + ": " + cudaGetErrorString(error);
  if (error == cudaErrorMemoryAllocation) throw OutOfMemory("cuda: " + text + memory_left());
  throw core::EnvironmentError("cuda", text, "see sweep doctor");
}

std::string version(int number) { return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10); }

std::string uuid_text(const cudaUUID_t& uuid) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text = "GPU-";
  for (int i = 0; i < 16; ++i) {
    const auto byte = static_cast<unsigned char>(uuid.bytes[i]);
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

/// Memory that a context and its graphs share: a graph keeps the workspace that its kernels were given.
using SharedMemory = std::shared_ptr<void>;

// No error is thrown from a destructor; a broken device says so at the next call.
void free_device(void* memory) { (void)cudaFree(memory); }

/// Graphs that are ready to be launched and that nobody replays any more. A later recording of as many kernels takes
/// one over and changes its arguments, which is quicker than making one.
class SpareGraphs {
 public:
  SpareGraphs() = default;
  ~SpareGraphs() {
    for (const Spare& each : spares_) (void)cudaGraphExecDestroy(each.graph);
  }
  SpareGraphs(const SpareGraphs&) = delete;
  SpareGraphs& operator=(const SpareGraphs&) = delete;

  void add(cudaGraphExec_t graph, std::size_t kernels) {
    if (spares_.size() == kMost) {
      (void)cudaGraphExecDestroy(spares_.front().graph);
      spares_.erase(spares_.begin());
    }
    spares_.push_back({graph, kernels});
  }

  /// One that now does what `captured` says; null where none can. One that was tried in vain is gone: what a failed
  /// update leaves of it is not to be launched.
  cudaGraphExec_t take(cudaGraph_t captured, std::size_t kernels) {
    const auto found =
        std::find_if(spares_.begin(), spares_.end(), [&](const Spare& each) { return each.kernels == kernels; });
    if (found == spares_.end()) return nullptr;
    const cudaGraphExec_t graph = found->graph;
    spares_.erase(found);
    cudaGraphExecUpdateResultInfo result{};
    if (cudaGraphExecUpdate(graph, captured, &result) == cudaSuccess) return graph;
    (void)cudaGetLastError();  // an error that can be survived is not reported twice
    (void)cudaGraphExecDestroy(graph);
    return nullptr;
  }

 private:
  static constexpr std::size_t kMost = 8;  // two trainings' (training/step_graph.h)

  struct Spare {
    cudaGraphExec_t graph;
    std::size_t kernels;
  };
  std::vector<Spare> spares_;  ///< the oldest first
};

/// The kernels of a recording with their arguments.
class CudaGraph final : public Recording {
 public:
  /// Takes over what cudaStreamEndCapture gave.
  CudaGraph(cudaGraph_t captured, SharedMemory workspace, SpareGraphs& spares)
      : workspace_(std::move(workspace)), spares_(spares) {
    cudaError_t error = cudaGraphGetNodes(captured, nullptr, &kernels_);
    if (error == cudaSuccess) graph_ = spares_.take(captured, kernels_);
    if (error == cudaSuccess && !graph_) error = cudaGraphInstantiateWithFlags(&graph_, captured, 0);
    (void)cudaGraphDestroy(captured);
    require(error, "cudaGraphInstantiateWithFlags", "record");
  }
  ~CudaGraph() override { spares_.add(graph_, kernels_); }

  void launch(cudaStream_t stream) const { require(cudaGraphLaunch(graph_, stream), "cudaGraphLaunch", "replay"); }

 private:
  cudaGraphExec_t graph_ = nullptr;
  std::size_t kernels_ = 0;
  SharedMemory workspace_;
  SpareGraphs& spares_;
};

class CudaContext final : public Context {
 public:
  CudaContext() {
    require(cudaSetDevice(0), "cudaSetDevice", "start");
    require(cudaGetDeviceProperties(&device_, 0), "cudaGetDeviceProperties", "start");
    require(cudaDriverGetVersion(&driver_), "cudaDriverGetVersion", "start");
    if (device_.major < 8) {
      throw core::EnvironmentError("cuda", std::string(device_.name) + " has compute capability " + capability(),
                                   "8.0 or later is needed");
    }
    require(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags", "start");
  }

  ~CudaContext() override {
    (void)cudaStreamSynchronize(stream_);
    attachment.reset();
    workspace_.reset();
    (void)kept_.drop_all();
    (void)cudaStreamDestroy(stream_);
  }

  std::string describe() const override {
    return std::string(device_.name) + ", compute capability " + capability() + ", " +
           std::to_string(device_.multiProcessorCount) + " multiprocessors, driver for CUDA " + version(driver_);
  }

  KeptMemory* kept_memory() override { return &kept_; }

  void* allocate(const char* op, std::size_t bytes) {
    if (void* const spare = kept_.take(bytes)) return spare;
    void* const memory = allocate_new(op, bytes);
    kept_.lend(memory, bytes);
    return memory;
  }
  void release(void* memory) { kept_.give_back(memory); }

  GpuFacts facts() const {
    int runtime = 0;
    require(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion", "start");
    return {device_.name,           uuid_text(device_.uuid), capability(),    device_.multiProcessorCount,
            device_.totalGlobalMem, version(driver_),        version(runtime)};
  }

  cudaStream_t handle() const { return stream_; }
  int multiprocessors() const { return device_.multiProcessorCount; }

  float* workspace(const char* op, std::size_t bytes) {
    if (bytes > workspace_bytes_) {
      core::check(!records_, "an op is recorded that never ran with these shapes");
      workspace_bytes_ = 0;
      workspace_.reset();  // cudaFree waits for the kernels that still use it
      workspace_ = SharedMemory(allocate_new(op, bytes), free_device);
      workspace_bytes_ = bytes;
    }
    return static_cast<float*>(workspace_.get());
  }

  void begin_recording() {
    core::check(!records_, "a recording inside of another");
    require(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture", "record");
    records_ = true;
  }

  std::unique_ptr<Recording> end_recording() {
    records_ = false;
    cudaGraph_t captured = nullptr;
    require(cudaStreamEndCapture(stream_, &captured), "cudaStreamEndCapture", "record");
    return std::make_unique<CudaGraph>(captured, workspace_, graphs_);
  }

  bool is_recording() const { return records_; }

 private:
  // Rather than fail it gives up what it keeps.
  void* allocate_new(const char* op, std::size_t bytes) {
    void* memory = nullptr;
    cudaError_t error = cudaMalloc(&memory, std::max<std::size_t>(bytes, 1));
    if (error == cudaErrorMemoryAllocation && kept_.drop_all()) {
      (void)cudaGetLastError();
      error = cudaMalloc(&memory, std::max<std::size_t>(bytes, 1));
    }
    require(error, "cudaMalloc", op, bytes);
    return memory;
  }

  std::string capability() const { return std::to_string(device_.major) + "." + std::to_string(device_.minor); }

  cudaDeviceProp device_{};
  int driver_ = 0;
  cudaStream_t stream_ = nullptr;
  SharedMemory workspace_;
  std::size_t workspace_bytes_ = 0;
  KeptMemory kept_{free_device};
  SpareGraphs graphs_;
  bool records_ = false;
};

CudaContext& cuda_context(Context& context) {
  auto* const found = dynamic_cast<CudaContext*>(&context);
  core::check(found != nullptr, "a CUDA op was given a context of another back end");
  return *found;
}

void* allocate(Context& context, std::size_t bytes) { return cuda_context(context).allocate("allocate", bytes); }

void release(Context& context, void* pointer) { cuda_context(context).release(pointer); }

void copy_to_device(Context& context, void* to, const void* from_host, std::size_t bytes) {
  require(cudaMemcpyAsync(to, from_host, bytes, cudaMemcpyHostToDevice, cuda_context(context).handle()),
          "cudaMemcpyAsync", "copy_to_device", bytes);
}

void copy_to_host(Context& context, void* to_host, const void* from, std::size_t bytes) {
  const cudaStream_t stream = cuda_context(context).handle();
  require(cudaMemcpyAsync(to_host, from, bytes, cudaMemcpyDeviceToHost, stream), "cudaMemcpyAsync", "copy_to_host",
          bytes);
  require(cudaStreamSynchronize(stream), "cudaStreamSynchronize", "copy_to_host", bytes);
}

void set_zero(Context& context, void* pointer, std::size_t bytes) { clear(context, "set_zero", pointer, bytes); }

void synchronize(Context& context) {
  require(cudaStreamSynchronize(cuda_context(context).handle()), "cudaStreamSynchronize", "synchronize");
}

void begin_recording(Context& context) { cuda_context(context).begin_recording(); }
std::unique_ptr<Recording> end_recording(Context& context) { return cuda_context(context).end_recording(); }

void replay(Context& context, const Recording& recording) {
  const auto* const graph = dynamic_cast<const CudaGraph*>(&recording);
  core::check(graph != nullptr, "a recording of another back end is replayed");
  graph->launch(cuda_context(context).handle());
}

/// Throws unless this machine can run CUDA programs, in words for whoever has to mend it.
void require_device() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  (void)cudaGetLastError();
  if (error == cudaErrorInsufficientDriver) {
    int driver = 0;
    if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0) {
      throw core::EnvironmentError("cuda", "no NVIDIA driver is installed", "install one, or use the cpu");
    }
    throw core::EnvironmentError("cuda",
                                 "the NVIDIA driver is for CUDA " + std::to_string(driver / 1000) + "." +
                                     std::to_string(driver % 1000 / 10) + ", this build needs " +
                                     std::to_string(CUDART_VERSION / 1000) + "." +
                                     std::to_string(CUDART_VERSION % 1000 / 10),
                                 "install a newer driver, or use the cpu");
  }
  if (error == cudaErrorNoDevice || (error == cudaSuccess && count == 0)) {
    throw core::EnvironmentError("cuda", "no NVIDIA GPU is visible", "check CUDA_VISIBLE_DEVICES, or use the cpu");
  }
  require(error, "cudaGetDeviceCount", "start");
}

}  // namespace

void allow_shared_bytes(const void* kernel, std::size_t bytes, Stream stream) {
  require(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)),
          "cudaFuncSetAttribute", stream.op, bytes);
}

void check_launch(Stream stream) { require(cudaGetLastError(), "launch", stream.op); }

Stream stream(Context& context, const char* op) { return {cuda_context(context).handle(), op}; }

float* workspace(Context& context, const char* op, std::size_t bytes) {
  return cuda_context(context).workspace(op, bytes);
}

void clear(Context& context, const char* op, void* memory, std::size_t bytes) {
  require(cudaMemsetAsync(memory, 0, bytes, cuda_context(context).handle()), "cudaMemsetAsync", op, bytes);
}

int multiprocessors(Context& context) { return cuda_context(context).multiprocessors(); }

void* stream_handle(Context& context) { return cuda_context(context).handle(); }

bool is_recording(Context& context) { return cuda_context(context).is_recording(); }

void* scratch(Context& context, const char* op, std::size_t bytes) { return workspace(context, op, bytes); }

}  // namespace cuda

std::optional<GpuFacts> gpu_facts(Context& context) {
  const auto* const found = dynamic_cast<cuda::CudaContext*>(&context);
  return found ? std::optional(found->facts()) : std::nullopt;
}

const Backend* cuda_backend() {
  static const Backend table = cuda::with_ops({
      .name = "cuda",
      .allocate = cuda::allocate,
      .release = cuda::release,
      .copy_to_device = cuda::copy_to_device,
      .copy_to_host = cuda::copy_to_host,
      .set_zero = cuda::set_zero,
      .synchronize = cuda::synchronize,
      .begin_recording = cuda::begin_recording,
      .end_recording = cuda::end_recording,
      .replay = cuda::replay,
  });
  return &table;
}

std::unique_ptr<Context> make_cuda_context() {
  cuda::require_device();
  return std::make_unique<cuda::CudaContext>();
}

}  // namespace kernels

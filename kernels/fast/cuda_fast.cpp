// See backend.h: the table of fast-1 upon the CUDA one, its context and its libraries.
#include <utility>

#include "core/error.h"
#include "kernels/cuda_access.h"
#include "kernels/fast/backend.h"
#include "kernels/fast/cublaslt.h"
#include "kernels/fast/table.h"
#include "kernels/gpu_facts.h"

namespace kernels::fast {
namespace {

const Device& cuda_device() {
  static const Device device{cuda_backend(), cuda::scratch, cuda::to_bf16, cuda::from_bf16};
  return device;
}

}  // namespace

const Backend* backend() {
  static const Backend table = table_upon(*cuda_backend());
  return &table;
}

// What the portable back end advises, the cpu, is no way out of fast-1: whoever asked knows a better one.
std::unique_ptr<Context> make_context() {
  try {
    return make_cuda_context();
  } catch (const core::EnvironmentError& error) {
    throw core::EnvironmentError(error.problem().place, error.problem().problem);
  }
}

void begin_trial(Context& context, Precision precision, std::vector<Choice> recorded) {
  void* const stream = cuda::stream_handle(context);
  Plans::Libraries libraries{[stream] { return Cudnn::on_device(stream); }, [stream] { return open_cublaslt(stream); },
                             [&context] { return cuda::is_recording(context); }};
  context.attachment = std::make_unique<Trial>(cuda_device(), precision, std::move(libraries), std::move(recorded));
}

core::Json device_class(Context& context) {
  const auto gpu = gpu_facts(context);
  core::check(gpu.has_value(), "the class of a GPU was asked of another back end");
  return {{"gpu", gpu->name},
          {"compute_capability", gpu->compute_capability},
          {"multiprocessors", gpu->multiprocessors},
          {"driver", gpu->driver},
          {"cudnn", cudnn_version()},
          {"cublaslt", cublaslt_version()}};
}

}  // namespace kernels::fast

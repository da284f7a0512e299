// The table of the CPU back end. Every op runs to its end before it returns, so that synchronize has nothing to do; or
// it is written down, where a recording is open.
#include <cstring>
#include <tuple>
#include <type_traits>

#include "kernels/backends.h"
#include "kernels/cpu_context.h"

namespace kernels {
namespace {

/// The context of what cannot be recorded.
cpu::CpuContext& idle(Context& context) {
  cpu::CpuContext& own = cpu::cpu_context(context);
  own.recorder.check_idle();
  return own;
}

void* allocate(Context& context, std::size_t bytes) { return idle(context).allocate(bytes); }
void release(Context& context, void* pointer) { cpu::cpu_context(context).release(pointer); }

void copy(Context& context, void* to, const void* from, std::size_t bytes) {
  (void)idle(context);
  if (bytes > 0) std::memcpy(to, from, bytes);
}

void set_zero(Context&, void* pointer, std::size_t bytes) {
  if (bytes > 0) std::memset(pointer, 0, bytes);
}

void synchronize(Context& context) { (void)idle(context); }

void begin_recording(Context& context) { cpu::cpu_context(context).recorder.begin(); }
std::unique_ptr<Recording> end_recording(Context& context) { return cpu::cpu_context(context).recorder.end(); }
void replay(Context& context, const Recording& recording) { cpu::cpu_context(context).recorder.replay(recording); }

template <auto kOp>
struct Recordable;

/// The op, or a note of it with copies of its arguments.
template <class... Arguments, void (*kOp)(Context&, Arguments...)>
struct Recordable<kOp> {
  static void call(Context& context, Arguments... arguments) {
    RecordedCalls* const recording = cpu::cpu_context(context).recorder.open();
    if (!recording) return kOp(context, arguments...);
    recording->add([&context, kept = std::tuple<std::decay_t<Arguments>...>(arguments...)] {
      std::apply([&](const auto&... each) { kOp(context, each...); }, kept);
    });
  }
};

template <auto kOp>
constexpr auto recordable = Recordable<kOp>::call;

constexpr Backend kCpuBackend = {
    .name = "cpu",
    .allocate = allocate,
    .release = release,
    .copy_to_device = copy,
    .copy_to_host = copy,
    .set_zero = recordable<set_zero>,
    .synchronize = synchronize,
    .begin_recording = begin_recording,
    .end_recording = end_recording,
    .replay = replay,
    .gemm = recordable<ops::gemm>,
    .next_step = recordable<ops::next_step>,
    .store_row = recordable<ops::store_row>,
    .shuffle_indices = recordable<ops::shuffle_indices>,
    .gather_rows = recordable<ops::gather_rows>,
    .gather_pixels = recordable<ops::gather_pixels>,
    .augment_rows = recordable<ops::augment_rows>,
    .gather_labels = recordable<ops::gather_labels>,
    .bias_activation = recordable<ops::bias_activation>,
    .activation_backward = recordable<ops::activation_backward>,
    .dropout = recordable<ops::dropout>,
    .column_sum = recordable<ops::column_sum>,
    .conv2d = recordable<ops::conv2d>,
    .conv2d_data = recordable<ops::conv2d_data>,
    .conv2d_filter = recordable<ops::conv2d_filter>,
    .max_pool2d = recordable<ops::max_pool2d>,
    .max_pool2d_backward = recordable<ops::max_pool2d_backward>,
    .average_pool2d = recordable<ops::average_pool2d>,
    .average_pool2d_backward = recordable<ops::average_pool2d_backward>,
    .batch_norm = recordable<ops::batch_norm>,
    .batch_norm_evaluate = recordable<ops::batch_norm_evaluate>,
    .batch_norm_backward = recordable<ops::batch_norm_backward>,
    .batch_norm_max_pool = recordable<ops::batch_norm_max_pool>,
    .batch_norm_max_pool_evaluate = recordable<ops::batch_norm_max_pool_evaluate>,
    .batch_norm_max_pool_backward = recordable<ops::batch_norm_max_pool_backward>,
    .softmax_cross_entropy = recordable<ops::softmax_cross_entropy>,
    .rank_labels = recordable<ops::rank_labels>,
    .regression_loss = recordable<ops::regression_loss>,
    .add = recordable<ops::add>,
    .embed = recordable<ops::embed>,
    .embed_backward = recordable<ops::embed_backward>,
    .layer_norm = recordable<ops::layer_norm>,
    .layer_norm_backward = recordable<ops::layer_norm_backward>,
    .attention = recordable<ops::attention>,
    .attention_backward = recordable<ops::attention_backward>,
    .initialise = recordable<ops::initialise>,
    .sum_of_squares = recordable<ops::sum_of_squares>,
    .clip_gradients = recordable<ops::clip_gradients>,
    .optimizer_update = recordable<ops::optimizer_update>,
    .fingerprint = recordable<ops::fingerprint>,
    .batch_fingerprint = recordable<ops::batch_fingerprint>,
};

}  // namespace

const Backend& cpu_backend() { return kCpuBackend; }

}  // namespace kernels

// See backend.h. What stands between an op of the table and a plan: the memory that bfloat16 needs, and the products
// and convolutions without a term, which are the portable op's.
#include <array>
#include <utility>

#include "core/error.h"
#include "kernels/cuda_access.h"
#include "kernels/fast/backend.h"
#include "kernels/fast/cublaslt.h"
#include "kernels/fast/plans.h"
#include "kernels/gpu_facts.h"

namespace kernels::fast {
namespace {

class State final : public cuda::Attachment {
 public:
  State(Context& context, Precision its_precision, std::vector<Choice> recorded)
      : precision(its_precision),
        plans({[stream = cuda::stream_handle(context)] { return Cudnn::on_device(stream); },
               [stream = cuda::stream_handle(context)] { return open_cublaslt(stream); }},
              std::move(recorded)) {}

  const Precision precision;
  Plans plans;
};

State* find_state(Context& context) { return dynamic_cast<State*>(cuda::attachment(context)); }

State& state_of(Context& context) {
  State* const found = find_state(context);
  core::check(found != nullptr, "an op of fast-1 before its trial has begun");
  return *found;
}

/// Pieces of one scratch memory, each aligned as the whole is.
template <std::size_t kCount>
std::array<void*, kCount> cut(Context& context, const char* op, const std::array<std::size_t, kCount>& bytes) {
  constexpr std::size_t kAlignment = 256;
  std::size_t all = 0;
  std::array<std::size_t, kCount> begin{};
  for (std::size_t i = 0; i < kCount; ++i) {
    begin[i] = all;
    all += (bytes[i] + kAlignment - 1) / kAlignment * kAlignment;
  }
  char* const memory = static_cast<char*>(cuda::scratch(context, op, all));
  std::array<void*, kCount> pieces{};
  for (std::size_t i = 0; i < kCount; ++i) pieces[i] = bytes[i] > 0 ? memory + begin[i] : nullptr;
  return pieces;
}

constexpr std::size_t kNarrow = sizeof(std::uint16_t);

void narrow(Context& context, void* out, const float* in, std::size_t count) {
  cuda::to_bf16(context, static_cast<std::uint16_t*>(out), in, count);
}

void gemm(Context& context, Transpose transpose, int m, int n, int k, const float* a, const float* b, float* c) {
  if (m == 0 || n == 0 || k == 0) return cuda_backend()->gemm(context, transpose, m, n, k, a, b, c);
  State& state = state_of(context);
  const bool narrows = state.precision == Precision::kBf16;
  // Rounded factors lie in memory of ours.
  const int alignment = narrows ? alignment_of({c}) : alignment_of({a, b, c});
  const Product product{transpose, m, n, k, state.precision, alignment};
  const Plans::ProductPlan& plan = state.plans.product(product);
  const std::size_t in_a = std::size_t(m) * std::size_t(k), in_b = std::size_t(k) * std::size_t(n);
  const auto [workspace, narrow_a, narrow_b] =
      cut<3>(context, "gemm", {plan.workspace_bytes, narrows ? in_a * kNarrow : 0, narrows ? in_b * kNarrow : 0});
  if (narrows) {
    narrow(context, narrow_a, a, in_a);
    narrow(context, narrow_b, b, in_b);
  }
  state.plans.products().run(product, plan.algorithm, c, narrows ? narrow_a : a, narrows ? narrow_b : b, workspace,
                             plan.workspace_bytes);
}

/// Numbers of the tensors of a part of a convolution: out, in and other as ConvolutionPlan::run has them.
std::array<std::size_t, 3> sizes_of(ConvolutionPart part, const Conv2dShape& s) {
  const std::size_t image =
      std::size_t(s.batch) * std::size_t(s.height) * std::size_t(s.width) * std::size_t(s.channels);
  const std::size_t filter =
      std::size_t(s.filters) * std::size_t(s.kernel_height) * std::size_t(s.kernel_width) * std::size_t(s.channels);
  const std::size_t result =
      std::size_t(s.batch) * std::size_t(s.out_height) * std::size_t(s.out_width) * std::size_t(s.filters);
  switch (part) {
    case ConvolutionPart::kForward:
      return {result, image, filter};
    case ConvolutionPart::kData:
      return {image, result, filter};
    case ConvolutionPart::kFilter:
      break;
  }
  return {filter, result, image};
}

void convolve(Context& context, ConvolutionPart part, const Conv2dShape& shape, float* out, const float* in,
              const float* other) {
  State& state = state_of(context);
  const char* const op = name(part).data();
  const ConvolutionPlan& plan = state.plans.convolution({part, shape, state.precision});
  if (state.precision != Precision::kBf16) {
    core::check(alignment_of({out, in, other}) == 16, "a tensor of a convolution is not aligned");
    const auto [workspace] = cut<1>(context, op, {plan.workspace_bytes()});
    return plan.run(out, in, other, workspace);
  }
  const auto [outs, ins, others] = sizes_of(part, shape);
  const auto [workspace, narrow_out, narrow_in, narrow_other] =
      cut<4>(context, op, {plan.workspace_bytes(), outs * kNarrow, ins * kNarrow, others * kNarrow});
  narrow(context, narrow_in, in, ins);
  narrow(context, narrow_other, other, others);
  plan.run(narrow_out, narrow_in, narrow_other, workspace);
  cuda::from_bf16(context, out, static_cast<const std::uint16_t*>(narrow_out), outs);
}

void conv2d(Context& context, const Conv2dShape& shape, float* y, const float* x, const float* w) {
  if (shape.batch > 0) convolve(context, ConvolutionPart::kForward, shape, y, x, w);
}

void conv2d_data(Context& context, const Conv2dShape& shape, float* dx, const float* dy, const float* w) {
  if (shape.batch > 0) convolve(context, ConvolutionPart::kData, shape, dx, dy, w);
}

void conv2d_filter(Context& context, const Conv2dShape& shape, float* dw, const float* dy, const float* x) {
  if (shape.batch == 0) return cuda_backend()->conv2d_filter(context, shape, dw, dy, x);
  convolve(context, ConvolutionPart::kFilter, shape, dw, dy, x);
}

Backend make_table() {
  Backend table = *cuda_backend();
  table.gemm = gemm;
  table.conv2d = conv2d;
  table.conv2d_data = conv2d_data;
  table.conv2d_filter = conv2d_filter;
  return table;
}

}  // namespace

const Backend* backend() {
  static const Backend table = make_table();
  return &table;
}

std::unique_ptr<Context> make_context() { return make_cuda_context(); }

void begin_trial(Context& context, Precision precision, std::vector<Choice> recorded) {
  cuda::attach(context, std::make_unique<State>(context, precision, std::move(recorded)));
}

std::vector<Choice> take_choices(Context& context) {
  if (!gpu_facts(context)) return {};
  State* const state = find_state(context);
  return state ? state->plans.take_choices() : std::vector<Choice>{};
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

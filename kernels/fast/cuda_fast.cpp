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

/// The product whose factors lie at a and b and whose result at c, with the bias of its epilogue. Rounded factors lie
/// in memory of ours, which is aligned.
Product product_for(const State& state, Transpose transpose, int m, int n, int k, const float* a, const float* b,
                    const float* c, Epilogue epilogue = Epilogue::kNone, const float* bias = nullptr) {
  const bool narrows = state.precision == Precision::kBf16;
  const int alignment = narrows ? alignment_of({c, bias}) : alignment_of({a, b, c, bias});
  return {transpose, m, n, k, state.precision, alignment, epilogue};
}

void run(Context& context, State& state, const Product& product, const Plans::ProductPlan& plan, const float* a,
         const float* b, float* c, const float* bias = nullptr) {
  const bool narrows = state.precision == Precision::kBf16;
  const std::size_t in_a = std::size_t(product.m) * std::size_t(product.k);
  const std::size_t in_b = std::size_t(product.k) * std::size_t(product.n);
  const auto [workspace, narrow_a, narrow_b] =
      cut<3>(context, "gemm", {plan.workspace_bytes, narrows ? in_a * kNarrow : 0, narrows ? in_b * kNarrow : 0});
  if (narrows) {
    narrow(context, narrow_a, a, in_a);
    narrow(context, narrow_b, b, in_b);
  }
  state.plans.products().run(product, plan.algorithm, c, narrows ? narrow_a : a, narrows ? narrow_b : b, bias,
                             workspace, plan.workspace_bytes);
}

void gemm(Context& context, Transpose transpose, int m, int n, int k, const float* a, const float* b, float* c) {
  if (m == 0 || n == 0 || k == 0) return cuda_backend()->gemm(context, transpose, m, n, k, a, b, c);
  State& state = state_of(context);
  const Product product = product_for(state, transpose, m, n, k, a, b, c);
  run(context, state, product, state.plans.product(product), a, b, c);
}

bool fused_dense(Context& context, Activation activation, float* out, const float* in, const float* weight,
                 const float* bias, int rows, int outputs, int inputs) {
  const auto epilogue = epilogue_of(activation);
  if (!epilogue || rows == 0) return false;
  State& state = state_of(context);
  const Product product = product_for(state, Transpose::kNT, rows, outputs, inputs, in, weight, out, *epilogue, bias);
  const Plans::ProductPlan* const plan = state.plans.fused(product);
  if (plan != nullptr) run(context, state, product, *plan, in, weight, out, bias);
  return plan != nullptr;
}

// bf16: the sum would be of rounded gradients, and the bias is no factor of a product.
bool fused_dense_backward(Context& context, Activation activation, float* dz, float* dbias, float* dweight,
                          const float* dout, const float* out, const float* z, const float* in, int rows, int outputs,
                          int inputs) {
  State& state = state_of(context);
  if (rows == 0 || state.precision == Precision::kBf16) return false;
  const float* const sums = dz != nullptr ? dz : dout;
  const Product product =
      product_for(state, Transpose::kTN, outputs, inputs, rows, sums, in, dweight, Epilogue::kBiasGradient, dbias);
  const Plans::ProductPlan* const plan = state.plans.fused(product);
  if (plan == nullptr) return false;
  if (dz != nullptr) cuda_backend()->activation_backward(context, activation, dz, nullptr, dout, out, z, rows, outputs);
  run(context, state, product, *plan, sums, in, dweight, dbias);
  return true;
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
  table.fused_dense = fused_dense;
  table.fused_dense_backward = fused_dense_backward;
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

// What the portable back end advises, the cpu, is no way out of fast-1: whoever asked knows a better one.
std::unique_ptr<Context> make_context() {
  try {
    return make_cuda_context();
  } catch (const core::EnvironmentError& error) {
    throw core::EnvironmentError(error.problem().place, error.problem().problem);
  }
}

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

// See table.h. The memory that bfloat16 needs, and the products and convolutions without a term, which are the portable
// op's.
#include "kernels/fast/table.h"

#include <array>
#include <utility>

#include "core/error.h"
#include "kernels/fast/backend.h"

namespace kernels::fast {
namespace {

Trial& trial_of(Context& context) {
  auto* const found = dynamic_cast<Trial*>(context.attachment.get());
  core::check(found != nullptr, "an op of fast-1 before its trial has begun");
  return *found;
}

/// Pieces of one scratch memory, each aligned as the whole is.
template <std::size_t kCount>
std::array<void*, kCount> cut(Context& context, const Trial& trial, const char* op,
                              const std::array<std::size_t, kCount>& bytes) {
  constexpr std::size_t kAlignment = 256;
  std::size_t all = 0;
  std::array<std::size_t, kCount> begin{};
  for (std::size_t i = 0; i < kCount; ++i) {
    begin[i] = all;
    all += (bytes[i] + kAlignment - 1) / kAlignment * kAlignment;
  }
  char* const memory = static_cast<char*>(trial.device.scratch(context, op, all));
  std::array<void*, kCount> pieces{};
  for (std::size_t i = 0; i < kCount; ++i) pieces[i] = bytes[i] > 0 ? memory + begin[i] : nullptr;
  return pieces;
}

constexpr std::size_t kNarrow = sizeof(std::uint16_t);

void narrow(Context& context, const Trial& trial, void* out, const float* in, std::size_t count) {
  trial.device.to_bf16(context, static_cast<std::uint16_t*>(out), in, count);
}

/// The product whose factors lie at a and b and whose result at c, with the bias of its epilogue. Rounded factors lie
/// in memory of ours, which is aligned.
Product product_for(const Trial& trial, Transpose transpose, int m, int n, int k, const float* a, const float* b,
                    const float* c, Epilogue epilogue = Epilogue::kNone, const float* bias = nullptr) {
  const bool narrows = trial.precision == Precision::kBf16;
  const int alignment = narrows ? alignment_of({c, bias}) : alignment_of({a, b, c, bias});
  return {transpose, m, n, k, trial.precision, alignment, epilogue};
}

void run(Context& context, Trial& trial, const Product& product, const ProductPlan& plan, const float* a,
         const float* b, float* c, const float* bias = nullptr) {
  const bool narrows = trial.precision == Precision::kBf16;
  const std::size_t in_a = std::size_t(product.m) * std::size_t(product.k);
  const std::size_t in_b = std::size_t(product.k) * std::size_t(product.n);
  const auto [workspace, narrow_a, narrow_b] = cut<3>(
      context, trial, "gemm", {plan.workspace_bytes, narrows ? in_a * kNarrow : 0, narrows ? in_b * kNarrow : 0});
  if (narrows) {
    narrow(context, trial, narrow_a, a, in_a);
    narrow(context, trial, narrow_b, b, in_b);
  }
  trial.plans.products().run(product, plan.algorithm, c, narrows ? narrow_a : a, narrows ? narrow_b : b, bias,
                             workspace, plan.workspace_bytes);
}

void gemm(Context& context, Transpose transpose, int m, int n, int k, const float* a, const float* b, float* c) {
  Trial& trial = trial_of(context);
  if (m == 0 || n == 0 || k == 0) return trial.device.portable->gemm(context, transpose, m, n, k, a, b, c);
  const Product product = product_for(trial, transpose, m, n, k, a, b, c);
  run(context, trial, product, trial.plans.product(product), a, b, c);
}

bool fused_dense(Context& context, Activation activation, float* out, const float* in, const float* weight,
                 const float* bias, int rows, int outputs, int inputs) {
  const auto epilogue = epilogue_of(activation);
  if (!epilogue || rows == 0) return false;
  Trial& trial = trial_of(context);
  const Product product = product_for(trial, Transpose::kNT, rows, outputs, inputs, in, weight, out, *epilogue, bias);
  const ProductPlan* const plan = trial.plans.fused(product);
  if (plan != nullptr) run(context, trial, product, *plan, in, weight, out, bias);
  return plan != nullptr;
}

// bf16: the sum would be of rounded gradients, and the bias is no factor of a product.
bool fused_dense_backward(Context& context, Activation activation, float* dz, float* dbias, float* dweight,
                          const float* dout, const float* out, const float* z, const float* in, int rows, int outputs,
                          int inputs) {
  Trial& trial = trial_of(context);
  if (rows == 0 || trial.precision == Precision::kBf16) return false;
  const float* const sums = dz != nullptr ? dz : dout;
  const Product product =
      product_for(trial, Transpose::kTN, outputs, inputs, rows, sums, in, dweight, Epilogue::kBiasGradient, dbias);
  const ProductPlan* const plan = trial.plans.fused(product);
  if (plan == nullptr) return false;
  if (dz != nullptr)
    trial.device.portable->activation_backward(context, activation, dz, nullptr, dout, out, z, rows, outputs);
  run(context, trial, product, *plan, sums, in, dweight, dbias);
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

void run(Context& context, Trial& trial, const Convolution& convolution, const ConvolutionPlan& plan, float* out,
         const float* in, const float* other, const float* bias = nullptr) {
  const char* const op = name(convolution.part).data();
  if (trial.precision != Precision::kBf16) {
    core::check(alignment_of({out, in, other, bias}) == 16, "a tensor of a convolution is not aligned");
    const auto [workspace] = cut<1>(context, trial, op, {plan.workspace_bytes()});
    return plan.run(out, in, other, bias, workspace);
  }
  const auto [outs, ins, others] = sizes_of(convolution.part, convolution.shape);
  const std::size_t biases = bias != nullptr ? std::size_t(convolution.shape.filters) : 0;
  const auto [workspace, narrow_out, narrow_in, narrow_other, narrow_bias] = cut<5>(
      context, trial, op, {plan.workspace_bytes(), outs * kNarrow, ins * kNarrow, others * kNarrow, biases * kNarrow});
  narrow(context, trial, narrow_in, in, ins);
  narrow(context, trial, narrow_other, other, others);
  if (bias != nullptr) narrow(context, trial, narrow_bias, bias, biases);
  plan.run(narrow_out, narrow_in, narrow_other, narrow_bias, workspace);
  trial.device.from_bf16(context, out, static_cast<const std::uint16_t*>(narrow_out), outs);
}

void convolve(Context& context, ConvolutionPart part, const Conv2dShape& shape, float* out, const float* in,
              const float* other) {
  Trial& trial = trial_of(context);
  const Convolution convolution{part, shape, trial.precision};
  run(context, trial, convolution, trial.plans.convolution(convolution), out, in, other);
}

void conv2d(Context& context, const Conv2dShape& shape, float* y, const float* x, const float* w) {
  if (shape.batch > 0) convolve(context, ConvolutionPart::kForward, shape, y, x, w);
}

bool fused_conv2d(Context& context, Activation activation, const Conv2dShape& shape, float* y, const float* x,
                  const float* w, const float* bias) {
  const auto epilogue = epilogue_of(activation);
  if (!epilogue || shape.batch == 0) return false;
  Trial& trial = trial_of(context);
  const Convolution convolution{ConvolutionPart::kForward, shape, trial.precision, *epilogue};
  const ConvolutionPlan* const plan = trial.plans.fused(convolution);
  if (plan != nullptr) run(context, trial, convolution, *plan, y, x, w, bias);
  return plan != nullptr;
}

void conv2d_data(Context& context, const Conv2dShape& shape, float* dx, const float* dy, const float* w) {
  if (shape.batch > 0) convolve(context, ConvolutionPart::kData, shape, dx, dy, w);
}

void conv2d_filter(Context& context, const Conv2dShape& shape, float* dw, const float* dy, const float* x) {
  if (shape.batch == 0) return trial_of(context).device.portable->conv2d_filter(context, shape, dw, dy, x);
  convolve(context, ConvolutionPart::kFilter, shape, dw, dy, x);
}

}  // namespace

Backend table_upon(Backend portable) {
  portable.gemm = gemm;
  portable.fused_dense = fused_dense;
  portable.fused_dense_backward = fused_dense_backward;
  portable.fused_conv2d = fused_conv2d;
  portable.conv2d = conv2d;
  portable.conv2d_data = conv2d_data;
  portable.conv2d_filter = conv2d_filter;
  return portable;
}

std::vector<Choice> take_choices(Context& context) {
  auto* const trial = dynamic_cast<Trial*>(context.attachment.get());
  return trial ? trial->plans.take_choices() : std::vector<Choice>{};
}

}  // namespace kernels::fast

// Layers that a back end computes in one call: what the layers ask for, with a CPU that makes the calls it stands for.
#include "kernels/interposed.h"
#include "tests/catch.h"
#include "tests/trainer/small_models.h"

namespace {

/// A CPU's context behind a table that computes layers in one call where they end in relu or nothing, by the calls that
/// it stands for.
class FusingContext : private std::unique_ptr<kernels::Context>, public kernels::InterposedContext {
 public:
  FusingContext()
      : std::unique_ptr<kernels::Context>(kernels::make_cpu_context(1)),
        InterposedContext(kernels::cpu_backend(), **this) {}

  int forward = 0, backward = 0, convolutions = 0;

  static kernels::Backend table() {
    kernels::Backend table = kernels::forwarding_backend();
    table.fused_dense = fused_dense;
    table.fused_dense_backward = fused_dense_backward;
    table.fused_conv2d = fused_conv2d;
    return table;
  }

 private:
  static FusingContext* taken(kernels::Context& context, kernels::Activation activation) {
    const bool is_taken = activation == kernels::Activation::kNone || activation == kernels::Activation::kRelu;
    return is_taken ? &dynamic_cast<FusingContext&>(context) : nullptr;
  }

  static bool fused_dense(kernels::Context& context, kernels::Activation activation, float* out, const float* in,
                          const float* weight, const float* bias, int rows, int outputs, int inputs) {
    FusingContext* const here = taken(context, activation);
    if (!here) return false;
    ++here->forward;
    here->inner.gemm(here->inner_context, kernels::Transpose::kNT, rows, outputs, inputs, in, weight, out);
    here->inner.bias_activation(here->inner_context, activation, out, nullptr, out, bias, rows, outputs);
    return true;
  }

  static bool fused_conv2d(kernels::Context& context, kernels::Activation activation, const kernels::Conv2dShape& shape,
                           float* y, const float* x, const float* w, const float* bias) {
    FusingContext* const here = taken(context, activation);
    if (!here) return false;
    ++here->convolutions;
    here->inner.conv2d(here->inner_context, shape, y, x, w);
    here->inner.bias_activation(here->inner_context, activation, y, nullptr, y, bias,
                                shape.batch * shape.out_height * shape.out_width, shape.filters);
    return true;
  }

  static bool fused_dense_backward(kernels::Context& context, kernels::Activation activation, float* dz, float* dbias,
                                   float* dweight, const float* dout, const float* out, const float* z, const float* in,
                                   int rows, int outputs, int inputs) {
    FusingContext* const here = taken(context, activation);
    if (!here) return false;
    CHECK((dz == nullptr) == (activation == kernels::Activation::kNone));
    ++here->backward;
    if (dz)
      here->inner.activation_backward(here->inner_context, activation, dz, dbias, dout, out, z, rows, outputs);
    else
      here->inner.column_sum(here->inner_context, dbias, dout, rows, outputs);
    here->inner.gemm(here->inner_context, kernels::Transpose::kTN, outputs, inputs, rows, dz ? dz : dout, in, dweight);
    return true;
  }
};

}  // namespace

TEST_CASE("where a back end computes a layer in one call every model trains to the same weights") {
  const kernels::Backend table = FusingContext::table();
  std::vector<SmallModel> models = small_models();
  SmallModel relu = models[1];
  relu.config["batch_norm"] = false;
  Bench alone = relu.bench();
  alone.start().run();
  const std::string relu_digest = final_weights(alone);
  relu.weights_sha256 = relu_digest.c_str();
  models.push_back(relu);
  int convolutions = 0;
  for (const SmallModel& model : models) {
    Bench bench = model.bench();
    FusingContext* context = nullptr;
    bench.ops = &table;
    bench.open = [&] {
      auto opened = std::make_unique<FusingContext>();
      context = opened.get();
      return opened;
    };
    bench.records_steps = false;
    bench.start().run();
    INFO(model.name);
    CHECK(final_weights(bench) == model.weights_sha256);
    CHECK(context->forward > context->backward);  // evaluation goes forward alone
    CHECK(context->backward > 0);
    convolutions += context->convolutions;
  }
  CHECK(convolutions > 0);
}

TEST_CASE("a table that hands on says of a layer in one call what the inner table says, and no where that has none") {
  const kernels::Conv2dShape shape{1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1};
  const float x = 3, w = 2, bias = 1;
  const auto answers = [&](const kernels::Backend& inner, kernels::Context& inner_context) {
    const kernels::Backend& outer = kernels::forwarding_backend();
    kernels::InterposedContext context(inner, inner_context);
    float y[2] = {};
    const auto relu = kernels::Activation::kRelu;
    const bool conv = outer.fused_conv2d(context, relu, shape, &y[0], &x, &w, &bias);
    const bool dense = outer.fused_dense(context, relu, &y[1], &x, &w, &bias, 1, 1, 1);
    CHECK(conv == dense);
    if (conv) CHECK((y[0] == 7 && y[1] == 7));
    return conv;
  };
  FusingContext fusing;
  CHECK(answers(FusingContext::table(), fusing));
  CHECK_FALSE(answers(kernels::cpu_backend(), fusing.inner_context));
}

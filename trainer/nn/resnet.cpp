// The model resnet: ResNet-9 for images of about 28×28 or 32×32. Convolutions of side 3, each with batch norm and relu:
// one of `width` channels; of 2·width, pooled, and a residual branch of two; of 4·width, pooled; of 8·width, pooled,
// and a residual branch of two; then the largest of each channel, and a linear layer that predicts.
// Source: Page, "How to train your ResNet" (2018), after He et al., "Deep residual learning" (2016).
#include "trainer/nn/conv2d.h"
#include "trainer/nn/dense.h"
#include "trainer/nn/dropout.h"
#include "trainer/nn/models.h"
#include "trainer/nn/pooled_norm.h"
#include "trainer/nn/residual.h"

namespace trainer {
namespace {

constexpr int kDefaultWidth = 64;
constexpr float kHeadScale = kLastLayerScale / 2;  // the largest of a channel is about twice as large as any

class ResnetBuilder {
 public:
  ResnetBuilder(Builder& builder, Sequential& layers) : builder_(builder), layers_(layers) {}

  /// Convolution, batch norm, relu, and pooling by 2×2.
  void add_convolution(Sequential& layers, int channels, bool pools = false) {
    Conv2d::Options options;
    options.channels = channels;
    options.has_bias = false;
    builder_.within("conv", [&] { layers.add<Conv2d>(builder_, layers.output(), options); });
    const Shape shape = layers.output();
    if (pools && shape.height > 1 && shape.width > 1)
      add_pooled_norm(builder_, layers, kernels::Activation::kRelu, Pool2d::side_by_side(shape, 2));
    else
      builder_.within("norm", [&] { layers.add<BatchNorm>(builder_, shape, kernels::Activation::kRelu); });
  }

  void add_stage(const std::string& name, int channels, bool pools, bool has_branch) {
    builder_.within(name, [&] {
      add_convolution(layers_, channels, pools);
      if (has_branch) builder_.within("residual", [&] { add_branch(channels); });
    });
  }

 private:
  void add_branch(int channels) {
    auto branch = std::make_unique<Sequential>(layers_.output(), 1);
    for (int i = 0; i < 2; ++i) builder_.within(std::to_string(i), [&] { add_convolution(*branch, channels); });
    layers_.add<Residual>(builder_, std::move(branch));
  }

  Builder& builder_;
  Sequential& layers_;
};

}  // namespace

void build_resnet(Builder& builder, Sequential& layers, const Hyperparameters& h, int outputs) {
  const int width = h.width > 0 ? h.width : kDefaultWidth;
  ResnetBuilder resnet(builder, layers);
  resnet.add_stage("prepare", width, false, false);
  resnet.add_stage("layer1", 2 * width, true, true);
  resnet.add_stage("layer2", 4 * width, true, false);
  resnet.add_stage("layer3", 8 * width, true, true);
  layers.add<Pool2d>(builder, Pool2d::Kind::kMax, Pool2d::whole(layers.output()));
  if (h.dropout > 0) layers.add<Dropout>(builder, layers.last(), static_cast<float>(h.dropout));
  builder.within("head", [&] {
    layers.add<Dense>(builder, layers.output(), outputs, Dense::Options{kernels::Activation::kNone, kHeadScale});
  });
}

}  // namespace trainer

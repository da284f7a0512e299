// The model transformer: predicts the next character of a text at each of its places. Embedding of characters and
// places; blocks of two residual branches, each normalised first: attention, and a network of two layers with gelu
// between; a last normalisation and a linear layer that predicts.
// Sources: Radford et al., "Language models are unsupervised multitask learners" (2019); Vaswani et al., "Attention is
// all you need" (2017).
#include "core/error.h"
#include "core/math_double.h"
#include "core/plural.h"
#include "trainer/nn/attention.h"
#include "trainer/nn/dense.h"
#include "trainer/nn/dropout.h"
#include "trainer/nn/embedding.h"
#include "trainer/nn/layer_norm.h"
#include "trainer/nn/models.h"
#include "trainer/nn/residual.h"

namespace trainer {
namespace {

constexpr int kDefaultWidth = 128;
constexpr int kWidening = 4;  // of the two-layer network between its layers

class TransformerBuilder {
 public:
  TransformerBuilder(Builder& builder, Sequential& layers, const Hyperparameters& h, int width)
      : builder_(builder),
        layers_(layers),
        h_(h),
        width_(width),
        // 2·layers branches add up to about the size of one.
        branch_scale_(static_cast<float>(1.0 / core::portable::sqrt(2.0 * h.layers))) {}

  void add_block() {
    add_branch("attention", [&](Sequential& branch) {
      add_dense(branch, "qkv", 3 * width_, {});
      branch.add<Attention>(builder_, branch.output(), h_.heads);
      add_dense(branch, "project", width_, {kernels::Activation::kNone, branch_scale_});
    });
    add_branch("mlp", [&](Sequential& branch) {
      add_dense(branch, "expand", kWidening * width_, {kernels::Activation::kGelu, 1.0f});
      add_dense(branch, "contract", width_, {kernels::Activation::kNone, branch_scale_});
    });
  }

  void add_norm(Sequential& layers) {
    builder_.within("norm", [&] { layers.add<LayerNorm>(builder_, layers.output()); });
  }
  void add_dense(Sequential& layers, const char* name, int outputs, Dense::Options options) {
    builder_.within(name, [&] { layers.add<Dense>(builder_, layers.output(), outputs, options); });
  }
  void add_dropout(Sequential& layers) {
    if (h_.dropout > 0) layers.add<Dropout>(builder_, layers.last(), static_cast<float>(h_.dropout));
  }

 private:
  template <class Inside>
  void add_branch(const char* name, Inside inside) {
    builder_.within(name, [&] {
      auto branch = std::make_unique<Sequential>(layers_.output(), 1);
      add_norm(*branch);
      inside(*branch);
      add_dropout(*branch);
      layers_.add<Residual>(builder_, std::move(branch));
    });
  }

  Builder& builder_;
  Sequential& layers_;
  const Hyperparameters& h_;
  int width_;
  float branch_scale_;
};

}  // namespace

void build_transformer(Builder& builder, Sequential& layers, const Hyperparameters& h, int outputs) {
  const int width = h.width > 0 ? h.width : kDefaultWidth;
  if (width % h.heads != 0)
    throw core::UserError("config.heads",
                          core::counted(h.heads, "head") + " cannot share a width of " + std::to_string(width),
                          "the width is a multiple of the heads");
  TransformerBuilder transformer(builder, layers, h, width);
  builder.within("embedding", [&] { layers.add<Embedding>(builder, layers.output().height, outputs, width); });
  transformer.add_dropout(layers);
  for (int block = 0; block < h.layers; ++block)
    builder.within("blocks." + std::to_string(block), [&] { transformer.add_block(); });
  transformer.add_norm(layers);
  transformer.add_dense(layers, "head", outputs, {kernels::Activation::kNone, kLastLayerScale});
}

}  // namespace trainer

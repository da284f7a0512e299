// The model cnn: blocks of convolution, batch norm, activation, pooling and dropout, then fully connected layers, of
// which the last one predicts.
#include <optional>

#include "core/error.h"
#include "core/plural.h"
#include "trainer/nn/conv2d.h"
#include "trainer/nn/dense.h"
#include "trainer/nn/dropout.h"
#include "trainer/nn/models.h"
#include "trainer/nn/pool2d.h"
#include "trainer/nn/pooled_norm.h"

namespace trainer {
namespace {

// The item of a block; a list of one is for all blocks.
int of_block(const std::vector<int>& list, const char* name, std::size_t block, std::size_t blocks) {
  if (list.size() != 1 && list.size() != blocks)
    throw core::UserError(std::string("config.") + name,
                          core::counted(list.size(), "item") + " for " + core::counted(blocks, "block"),
                          "give one for all blocks, or one for each item of channels");
  return list[list.size() == 1 ? 0 : block];
}

// The pooling of a block of that output; none where there is nothing to pool.
std::optional<kernels::Pool2dShape> pooling_of(const Builder& builder, const Shape& shape, PoolKind kind, int size) {
  if (kind == PoolKind::kNone || size == 1) return std::nullopt;
  if (size > shape.height || size > shape.width)
    throw core::UserError("config.pool_size",
                          builder.scope() + " would pool windows of side " + std::to_string(size) + " of images of " +
                              std::to_string(shape.height) + "×" + std::to_string(shape.width),
                          "take smaller windows or fewer blocks");
  return Pool2d::side_by_side(shape, size);
}

void add_block(Builder& builder, Sequential& layers, const Hyperparameters& h, std::size_t block) {
  const std::size_t blocks = h.channels.size();
  Conv2d::Options options;
  options.channels = h.channels[block];
  options.kernel = of_block(h.kernel, "kernel", block, blocks);
  options.stride = of_block(h.stride, "stride", block, blocks);
  options.pads = h.pads;
  options.has_bias = !h.batch_norm;
  if (!h.batch_norm) options.activation = h.activation;
  builder.within("conv", [&] { layers.add<Conv2d>(builder, layers.output(), options); });
  const Shape shape = layers.output();
  const auto pooling = pooling_of(builder, shape, h.pool, of_block(h.pool_size, "pool_size", block, blocks));
  if (h.batch_norm && pooling && h.pool == PoolKind::kMax) {
    add_pooled_norm(builder, layers, h.activation, *pooling);
  } else {
    if (h.batch_norm) builder.within("norm", [&] { layers.add<BatchNorm>(builder, shape, h.activation); });
    if (pooling)
      layers.add<Pool2d>(builder, h.pool == PoolKind::kMax ? Pool2d::Kind::kMax : Pool2d::Kind::kAverage, *pooling);
  }
  if (h.dropout > 0) layers.add<Dropout>(builder, layers.last(), static_cast<float>(h.dropout));
}

}  // namespace

void build_cnn(Builder& builder, Sequential& layers, const Hyperparameters& h, int outputs) {
  for (std::size_t block = 0; block < h.channels.size(); ++block)
    builder.within("blocks." + std::to_string(block), [&] { add_block(builder, layers, h, block); });
  if (!h.dense.empty()) builder.name_place("config.dense");
  add_dense_layers(builder, layers, h, h.dense, "dense", outputs);
}

}  // namespace trainer

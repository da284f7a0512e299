// Batch norm under the scope "norm", and max pooling behind it: one layer where the back end can, else two. Callers:
// the models.
#pragma once

#include "trainer/nn/batch_norm.h"
#include "trainer/nn/pool2d.h"
#include "trainer/nn/sequential.h"

namespace trainer {

inline void add_pooled_norm(Builder& builder, Sequential& layers, kernels::Activation activation,
                            const kernels::Pool2dShape& pooling) {
  const Shape shape = layers.output();
  const bool as_one = BatchNorm::can_pool(builder.ops, activation, pooling);
  builder.within("norm", [&] {
    layers.add<BatchNorm>(builder, shape, activation, as_one ? std::optional(pooling) : std::nullopt);
  });
  if (!as_one) layers.add<Pool2d>(builder, Pool2d::Kind::kMax, pooling);
}

}  // namespace trainer

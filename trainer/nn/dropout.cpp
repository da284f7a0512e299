// See dropout.h.
#include "trainer/nn/dropout.h"

namespace trainer {

Dropout::Dropout(Builder& builder, Layer& below, float rate)
    : ops_(builder.ops),
      context_(builder.context),
      shape_(below.output()),
      rate_(rate),
      stream_(builder.random_stream()),
      own_(below.droppable_output() ? kernels::Buffer<float>() : builder.results(shape_)),
      out_(own_.data() ? own_.data() : below.droppable_output()) {}

const float* Dropout::forward(const Pass& pass, const float* in) {
  if (!pass.is_random()) return in;
  ops_.dropout(context_, out_, in, pass.rows * shape_.count(), rate_, pass.seed, stream_, pass.state);
  return out_;
}

void Dropout::backward(const Pass& pass, const float*, const float* gradient, float* in_gradient) {
  if (in_gradient)
    ops_.dropout(context_, in_gradient, gradient, pass.rows * shape_.count(), rate_, pass.seed, stream_, pass.state);
}

}  // namespace trainer

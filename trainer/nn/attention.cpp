// See attention.h.
#include "trainer/nn/attention.h"

namespace trainer {

Attention::Attention(Builder& builder, const Shape& input, int heads)
    : ops_(builder.ops),
      context_(builder.context),
      output_{input.height, input.width, input.channels / 3},
      heads_(heads),
      out_(builder.results(output_)),
      weights_(builder.results({output_.positions(), output_.positions(), heads})),
      weights_gradient_(builder.scratch({output_.positions(), output_.positions(), heads})) {}

kernels::AttentionShape Attention::shape_of(const Pass& pass) const {
  return {pass.rows, output_.positions(), heads_, output_.channels / heads_};
}

const float* Attention::forward(const Pass& pass, const float* in) {
  ops_.attention(context_, out_.data(), weights_.data(), in, shape_of(pass));
  return out_.data();
}

void Attention::backward(const Pass& pass, const float* in, const float* gradient, float* in_gradient) {
  if (in_gradient)
    ops_.attention_backward(context_, in_gradient, weights_gradient_->data(), gradient, in, weights_.data(),
                            shape_of(pass));
}

}  // namespace trainer

// See residual.h.
#include "trainer/nn/residual.h"

namespace trainer {

Residual::Residual(Builder& builder, std::unique_ptr<Sequential> branch)
    : ops_(builder.ops),
      context_(builder.context),
      branch_(std::move(branch)),
      out_(builder.results(branch_->output())) {
  branch_->finish(builder);
}

const float* Residual::forward(const Pass& pass, const float* in) {
  const float* const branch = branch_->forward(pass, in);
  ops_.add(context_, out_.data(), in, branch, pass.rows * output().count());
  return out_.data();
}

void Residual::backward(const Pass& pass, const float* in, const float* gradient, float* in_gradient) {
  branch_->backward(pass, in, gradient, in_gradient);
  if (in_gradient) ops_.add(context_, in_gradient, in_gradient, gradient, pass.rows * output().count());
}

}  // namespace trainer

// A branch beside the straight way: out = in + branch(in). Callers: the models. Source: He et al., "Deep residual
// learning for image recognition" (2016).
#pragma once

#include "trainer/nn/builder.h"
#include "trainer/nn/sequential.h"

namespace trainer {

class Residual final : public Layer {
 public:
  /// Takes the branch as it is. Requires: its output has the shape of its input; it is a part of one sequence.
  Residual(Builder&, std::unique_ptr<Sequential> branch);

  Shape output() const override { return branch_->output(); }
  const float* forward(const Pass&, const float* in) override;
  void backward(const Pass&, const float* in, const float* gradient, float* in_gradient) override;
  float* droppable_output() override { return out_.data(); }

 private:
  const kernels::Backend& ops_;
  kernels::Context& context_;
  std::unique_ptr<Sequential> branch_;
  kernels::Buffer<float> out_;
};

}  // namespace trainer

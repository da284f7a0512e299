// Pooling of images: the largest element of each window, or the mean. Callers: the models.
#pragma once

#include "trainer/nn/builder.h"
#include "trainer/nn/layer.h"

namespace trainer {

class Pool2d final : public Layer {
 public:
  enum class Kind { kMax, kAverage };

  /// Windows of side `size` that lie side by side; rows and columns that no window covers are ignored. Requires: a
  /// window fits into the image.
  Pool2d(Builder&, const Shape& input, Kind, int size);
  /// One window over the whole image: a number a channel.
  static kernels::Pool2dShape whole(const Shape& input);
  /// What the first constructor makes of its arguments.
  static kernels::Pool2dShape side_by_side(const Shape& input, int size);
  Pool2d(Builder&, Kind, const kernels::Pool2dShape&);

  Shape output() const override { return {shape_.out_height, shape_.out_width, shape_.channels}; }
  const float* forward(const Pass&, const float* in) override;
  void backward(const Pass&, const float* in, const float* gradient, float* in_gradient) override;
  float* droppable_output() override { return out_.data(); }

 private:
  kernels::Pool2dShape shape_for(int rows) const;

  const kernels::Backend& ops_;
  kernels::Context& context_;
  Kind kind_;
  kernels::Pool2dShape shape_;  ///< for a batch of one
  kernels::Buffer<float> out_;
  kernels::Buffer<std::int32_t> winners_;  ///< kMax: which element of a window was taken
};

}  // namespace trainer

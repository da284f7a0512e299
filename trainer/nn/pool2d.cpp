// See pool2d.h.
#include "trainer/nn/pool2d.h"

namespace trainer {

kernels::Pool2dShape Pool2d::whole(const Shape& input) {
  return {1, input.height, input.width, input.channels, input.height, input.width, 1, 1, 1};
}

kernels::Pool2dShape Pool2d::side_by_side(const Shape& input, int size) {
  return {1, input.height, input.width, input.channels, size, size, size, input.height / size, input.width / size};
}

Pool2d::Pool2d(Builder& builder, const Shape& input, Kind kind, int size)
    : Pool2d(builder, kind, side_by_side(input, size)) {}

Pool2d::Pool2d(Builder& builder, Kind kind, const kernels::Pool2dShape& shape)
    : ops_(builder.ops), context_(builder.context), kind_(kind), shape_(shape), out_(builder.results(output())) {
  if (kind_ == Kind::kMax)
    winners_ = kernels::Buffer<std::int32_t>(
        ops_, context_, static_cast<std::size_t>(builder.training_rows()) * static_cast<std::size_t>(output().count()));
}

kernels::Pool2dShape Pool2d::shape_for(int rows) const {
  kernels::Pool2dShape shape = shape_;
  shape.batch = rows;
  return shape;
}

const float* Pool2d::forward(const Pass& pass, const float* in) {
  if (kind_ == Kind::kMax)
    ops_.max_pool2d(context_, shape_for(pass.rows), out_.data(),
                    pass.mode == Mode::kTraining ? winners_.data() : nullptr, in);
  else
    ops_.average_pool2d(context_, shape_for(pass.rows), out_.data(), in);
  return out_.data();
}

void Pool2d::backward(const Pass& pass, const float*, const float* gradient, float* in_gradient) {
  if (!in_gradient) return;
  if (kind_ == Kind::kMax)
    ops_.max_pool2d_backward(context_, shape_for(pass.rows), in_gradient, gradient, winners_.data());
  else
    ops_.average_pool2d_backward(context_, shape_for(pass.rows), in_gradient, gradient);
}

}  // namespace trainer

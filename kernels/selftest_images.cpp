// The self-test's digests of the ops on images.
#include "kernels/selftest_run.h"

namespace kernels::selftest {
namespace {

std::size_t product(int a, int b, int c, int d) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b) * static_cast<std::size_t>(c) *
         static_cast<std::size_t>(d);
}

Floats inputs(std::uint32_t stream, std::size_t count, bool wild) {
  return wild ? special(stream, count, true) : ordinary(stream, count);
}

void add_conv2d(Run& run, const std::string& name, const Conv2dShape& shape, bool wild) {
  const std::size_t x_size = product(shape.batch, shape.height, shape.width, shape.channels);
  const std::size_t w_size = product(shape.filters, shape.kernel_height, shape.kernel_width, shape.channels);
  const std::size_t y_size = product(shape.batch, shape.out_height, shape.out_width, shape.filters);
  const Buffer<float> x = run.upload(inputs(90, x_size, wild)), w = run.upload(inputs(91, w_size, wild));
  const Buffer<float> dy = run.upload(inputs(92, y_size, wild));
  Buffer<float> y = run.make<float>(y_size), dx = run.make<float>(x_size), dw = run.make<float>(w_size);
  run.backend.conv2d(run.context, shape, y.data(), x.data(), w.data());
  run.backend.conv2d_data(run.context, shape, dx.data(), dy.data(), w.data());
  run.backend.conv2d_filter(run.context, shape, dw.data(), dy.data(), x.data());
  run.record("conv2d." + name, y);
  run.record("conv2d_data." + name, dx);
  run.record("conv2d_filter." + name, dw);
}

void add_pool2d(Run& run, const std::string& name, const Pool2dShape& shape, bool wild) {
  const std::size_t x_size = product(shape.batch, shape.height, shape.width, shape.channels);
  const std::size_t y_size = product(shape.batch, shape.out_height, shape.out_width, shape.channels);
  const Buffer<float> x = run.upload(inputs(93, x_size, wild)), dy = run.upload(inputs(94, y_size, wild));
  Buffer<float> y = run.make<float>(y_size), dx = run.make<float>(x_size);
  Buffer<std::int32_t> winner = run.make<std::int32_t>(y_size);
  run.backend.max_pool2d(run.context, shape, y.data(), winner.data(), x.data());
  run.backend.max_pool2d_backward(run.context, shape, dx.data(), dy.data(), winner.data());
  Digest digest;
  digest.add(run.download(y));
  digest.add(run.download(winner));
  run.record("max_pool2d." + name, digest);
  run.record("max_pool2d_backward." + name, dx);
  run.backend.average_pool2d(run.context, shape, y.data(), x.data());
  run.backend.average_pool2d_backward(run.context, shape, dx.data(), dy.data());
  run.record("average_pool2d." + name, y);
  run.record("average_pool2d_backward." + name, dx);
}

void add_batch_norm(Run& run, const std::string& name, int rows, int columns, bool wild) {
  const std::size_t width = static_cast<std::size_t>(columns), count = product(rows, columns, 1, 1);
  const Buffer<float> x = run.upload(inputs(95, count, wild)), dz = run.upload(inputs(96, count, wild));
  const Buffer<float> gamma = run.upload(ordinary(97, width)), beta = run.upload(ordinary(98, width));
  Buffer<float> running_mean = run.upload(Floats(width, 0.0f)), running_variance = run.upload(Floats(width, 1.0f));
  Buffer<float> mean = run.make<float>(width), inverse = run.make<float>(width), out = run.make<float>(count);
  Buffer<float> dx = run.make<float>(count), dgamma = run.make<float>(width), dbeta = run.make<float>(width);
  run.backend.batch_norm(run.context, Activation::kRelu, out.data(), mean.data(), inverse.data(), running_mean.data(),
                         running_variance.data(), x.data(), gamma.data(), beta.data(), rows, columns, 1e-5f, 0.1f);
  Digest digest;
  for (const Buffer<float>* part : {&out, &mean, &inverse, &running_mean, &running_variance}) {
    digest.add(run.download(*part));
  }
  run.record("batch_norm." + name, digest);
  run.backend.batch_norm_evaluate(run.context, Activation::kNone, out.data(), x.data(), gamma.data(), beta.data(),
                                  running_mean.data(), running_variance.data(), rows, columns, 1e-5f);
  run.record("batch_norm_evaluate." + name, out);
  run.backend.batch_norm_backward(run.context, Activation::kNone, dx.data(), dgamma.data(), dbeta.data(), dz.data(),
                                  nullptr, x.data(), gamma.data(), beta.data(), mean.data(), inverse.data(), rows,
                                  columns);
  Digest gradients;
  for (const Buffer<float>* part : {&dx, &dgamma, &dbeta}) gradients.add(run.download(*part));
  run.record("batch_norm_backward." + name, gradients);
}

}  // namespace

void add_images(Run& run) {
  add_conv2d(run, "3x3", {2, 7, 6, 3, 18, 3, 3, 1, 1, 1, 7, 6}, false);
  add_conv2d(run, "stride", {2, 9, 8, 5, 7, 3, 2, 2, 1, 0, 5, 4}, false);
  add_conv2d(run, "chunks", {5, 9, 11, 33, 40, 3, 3, 1, 1, 1, 9, 11}, false);
  add_conv2d(run, "groups", {1, 3, 2, 470, 2, 3, 3, 1, 1, 1, 3, 2}, false);
  add_conv2d(run, "many", {9, 23, 21, 2, 3, 1, 3, 1, 0, 1, 23, 21}, false);
  add_conv2d(run, "special", {2, 8, 9, 4, 17, 3, 3, 1, 1, 1, 8, 9}, true);
  add_pool2d(run, "2x2", {3, 9, 8, 5, 2, 2, 2, 4, 4}, false);
  add_pool2d(run, "overlapping", {2, 9, 11, 17, 3, 3, 2, 4, 5}, false);
  add_pool2d(run, "global", {2, 17, 19, 3, 17, 19, 1, 1, 1}, false);
  add_pool2d(run, "special", {2, 8, 9, 13, 3, 2, 1, 6, 8}, true);
  add_batch_norm(run, "37x33", 37, 33, false);
  add_batch_norm(run, "4500x3", 4500, 3, false);
  add_batch_norm(run, "special", 300, 40, true);
}

}  // namespace kernels::selftest

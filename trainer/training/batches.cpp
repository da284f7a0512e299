// See batches.h.
#include "trainer/training/batches.h"

#include <algorithm>

#include "core/error.h"

namespace trainer {
namespace {

using kernels::Buffer;

kernels::ImageShape image_shape(const PreparedData& data) {
  const Shape& shape = data.shape.shape;
  return {shape.height, shape.width, shape.channels};
}

}  // namespace

void check_augmentation(const kernels::Augmentation& how, Task task, bool image) {
  const char* name = nullptr;
  if (how.flip) name = "config.flip";
  if (how.shift > 0) name = "config.shift";
  if (how.cutout > 0) name = "config.cutout";
  if (name && !image) throw core::UserError(name, "is for images, and the data set has none", "leave it out");
  if (how.noise > 0 && task == Task::kText)
    throw core::UserError("config.noise", "is for numbers, and the data set is a text", "leave it out");
}

Batches::Batches(const kernels::Backend& ops, kernels::Context& context, const Hyperparameters& hyperparameters,
                 const PreparedData& data, std::uint64_t seed)
    : ops_(ops),
      context_(context),
      data_(data),
      seed_(seed),
      augmentation_(hyperparameters.augmentation),
      size_(static_cast<int>(
          std::min<std::uint64_t>(static_cast<std::uint64_t>(hyperparameters.batch_size), data.train.count))),
      drops_last_(hyperparameters.drop_last) {
  core::check(size_ > 0, "a training part without samples");
  check_augmentation(augmentation_, data.task, data.image);
  const auto rows = static_cast<std::size_t>(size_);
  const auto numbers = rows * static_cast<std::size_t>(data.features);
  const auto size = static_cast<std::uint64_t>(size_);
  steps_ = drops_last_ ? data.train.count / size : (data.train.count + size - 1) / size;
  indices_ = Buffer<std::uint32_t>(ops, context, rows, "indices of a batch");
  if (data.task == Task::kText) {
    tokens_ = Buffer<std::int32_t>(ops, context, numbers, "tokens of a batch");
    labels_ = Buffer<std::int32_t>(ops, context, numbers, "labels of a batch");
    return;
  }
  x_ = Buffer<float>(ops, context, numbers, "samples of a batch");
  if (data.task == Task::kRegression)
    numbers_ = Buffer<float>(ops, context, rows, "targets of a batch");
  else
    labels_ = Buffer<std::int32_t>(ops, context, rows, "labels of a batch");
  if (!augmentation_.any()) return;
  plain_ = Buffer<float>(ops, context, numbers, "samples of a batch before their augmentation");
  fill_ = Buffer<float>(ops, context, data.background.size());
  ops.copy_to_device(context, fill_.data(), data.background.data(), data.background.size() * sizeof(float));
  ops.synchronize(context);
}

std::uint64_t Batches::samples_of(std::uint64_t steps) const {
  return std::min<std::uint64_t>(steps * static_cast<std::uint64_t>(size_), data_.train.count);
}

std::uint32_t Batches::first(std::uint64_t position) const {
  return static_cast<std::uint32_t>(position * static_cast<std::uint64_t>(size_));
}

int Batches::rows(std::uint64_t position) const {
  return static_cast<int>(
      std::min<std::uint32_t>(static_cast<std::uint32_t>(size_), data_.train.count - first(position)));
}

void Batches::make(int rows, const kernels::StepState* state) {
  ops_.shuffle_indices(context_, indices_.data(), data_.train.count, seed_, state, static_cast<std::uint32_t>(rows));
  gather(rows, state);
}

void Batches::gather(int rows, const kernels::StepState* state) {
  const DevicePart& part = data_.train;
  const std::uint32_t* indices = indices_.data();
  if (data_.task == Task::kText) {
    ops_.gather_labels(context_, tokens_.data(), part.tokens.data(), indices, rows, data_.features);
    ops_.gather_labels(context_, labels_.data(), part.labels.data(), indices, rows, data_.features);
    return;
  }
  gather_samples(ops_, context_, data_, part, augmentation_.any() ? plain_.data() : x_.data(), indices, rows);
  if (augmentation_.any())
    ops_.augment_rows(context_, x_.data(), plain_.data(), indices, rows, image_shape(data_), augmentation_,
                      fill_.data(), seed_, state);
  if (data_.task == Task::kRegression)
    ops_.gather_rows(context_, numbers_.data(), part.targets.data(), indices, rows, 1);
  else
    ops_.gather_labels(context_, labels_.data(), part.labels.data(), indices, rows, 1);
}

}  // namespace trainer

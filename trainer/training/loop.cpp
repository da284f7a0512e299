// See loop.h.
#include "trainer/training/loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/digest.h"
#include "core/error.h"

namespace trainer {
namespace {

constexpr std::uint32_t kCanonicalNan = 0x7fc00000;

std::uint64_t steps_per_epoch(std::uint32_t samples, int batch) {
  core::check(samples > 0, "a training part without samples");
  return (samples + static_cast<std::uint64_t>(batch) - 1) / static_cast<std::uint64_t>(batch);
}

// A tensor's values and shape, from the device.
NamedTensor fetch(const Setting& s, std::string name, const Parameter& like, const kernels::Buffer<float>& values) {
  NamedTensor tensor{std::move(name), {like.shape.begin(), like.shape.end()}, std::vector<float>(values.size())};
  s.ops.copy_to_host(s.context, tensor.values.data(), values.data(), values.size() * sizeof(float));
  return tensor;
}

}  // namespace

Training::Training(Setting setting)
    : setting_(std::move(setting)),
      batch_size_(static_cast<int>(std::min<std::uint64_t>(
          static_cast<std::uint64_t>(setting_.hyperparameters.batch_size), setting_.data.train.count))),
      steps_per_epoch_(steps_per_epoch(setting_.data.train.count, batch_size_)),
      schedule_(setting_.hyperparameters, steps_per_epoch_),
      network_(setting_.ops, setting_.context, setting_.hyperparameters, setting_.data.shape, setting_.data.classes,
               batch_size_),
      optimizer_(setting_.ops, setting_.context, setting_.hyperparameters.optimizer, setting_.hyperparameters.clip_norm,
                 network_.parameters()),
      interval_(std::min(steps_per_epoch_, protocol::trace_steps_per_line(tensor_count()))),
      record_(setting_.ops, setting_.context, interval_, tensor_count(), batch_size_ * network_.targets()),
      state_(setting_.ops, setting_.context, 1),
      indices_(setting_.ops, setting_.context, static_cast<std::size_t>(batch_size_)),
      x_(is_text()
             ? kernels::Buffer<float>()
             : kernels::Buffer<float>(setting_.ops, setting_.context, numbers(static_cast<std::size_t>(batch_size_)))),
      tokens_(is_text() ? kernels::Buffer<std::int32_t>(setting_.ops, setting_.context,
                                                        numbers(static_cast<std::size_t>(batch_size_)))
                        : kernels::Buffer<std::int32_t>()),
      labels_(setting_.ops, setting_.context, targets(static_cast<std::size_t>(batch_size_))) {
  network_.initialise(setting_.hyperparameters.init, setting_.seed);
}

void Training::restore(CheckpointState checkpoint, const std::string& place) {
  std::vector<NamedTensor> expected = download(/*with_moments=*/true);
  const auto same = [](const NamedTensor& a, const NamedTensor& b) { return a.name == b.name && a.shape == b.shape; };
  if (!std::equal(expected.begin(), expected.end(), checkpoint.tensors.begin(), checkpoint.tensors.end(), same) ||
      checkpoint.step > schedule_.total_steps())
    throw core::UserError(place, "its tensors or step are not those of this trial's network");
  const auto upload = [&](kernels::Buffer<float>& to, const NamedTensor& from) {
    setting_.ops.copy_to_device(setting_.context, to.data(), from.values.data(), from.values.size() * sizeof(float));
  };
  auto tensor = checkpoint.tensors.begin();
  for (Parameter& parameter : network_.parameters()) upload(parameter.value, *tensor++);
  for (Parameter& state : network_.states()) upload(state.value, *tensor++);
  for (Moments& moments : optimizer_.moments()) {
    upload(moments.first, *tensor++);
    if (moments.second.data()) upload(moments.second, *tensor++);
  }
  setting_.ops.synchronize(setting_.context);
  step_ = checkpoint.step;
  epoch_loss_sum_ = checkpoint.epoch_loss_sum;
  if (checkpoint.best && checkpoint.best->metric == setting_.metric.to_json()) best_ = std::move(checkpoint.best);
  if (best_ && setting_.checkpoints && !best_->file.empty()) setting_.checkpoints->keep(kBestKind, best_->file);
}

std::size_t Training::weight_count() const {
  std::size_t count = 0;
  for (const Parameter& parameter : network_.parameters()) count += parameter.value.size();
  return count;
}

Ending Training::run() {
  last_checkpoint_s_ = setting_.now_s();
  const std::uint64_t first = step_;
  while (step_ < schedule_.total_steps()) {
    if (setting_.stop_requested()) {
      if (step_ > first) write_checkpoints();
      return Ending::kInterrupted;
    }
    train_step(step_ + 1);
    ++step_;
    const std::uint64_t done = position_of(step_) + 1;
    if ((done % interval_ == 0 || done == steps_per_epoch_) && !collect()) return diverged();
    if (done == steps_per_epoch_) end_epoch();
    if (setting_.checkpoints && step_ < schedule_.total_steps() &&
        setting_.now_s() - last_checkpoint_s_ >= kCheckpointInterval_s)
      write_checkpoints();
  }
  return completed();
}

void Training::train_step(std::uint64_t step) {
  const kernels::Backend& ops = setting_.ops;
  kernels::Context& context = setting_.context;
  const DevicePart& train = setting_.data.train;
  const std::uint64_t position = position_of(step);
  const auto first = static_cast<std::uint32_t>(position * static_cast<std::uint64_t>(batch_size_));
  const auto rows =
      static_cast<int>(std::min<std::uint32_t>(static_cast<std::uint32_t>(batch_size_), train.count - first));

  const kernels::StepState state = schedule_.state(step);
  ops.copy_to_device(context, state_.data(), &state, sizeof(state));
  ops.shuffle_indices(context, indices_.data(), train.count, setting_.seed, static_cast<std::uint32_t>(epoch_of(step)),
                      first, static_cast<std::uint32_t>(rows));
  gather(train, rows);
  if (setting_.trace) ops.batch_fingerprint(context, indices_.data(), rows, record_.batch());
  network_.forward_backward({x_.data(), tokens_.data(), rows}, {labels_.data()}, {record_.losses(), record_.hits()},
                            setting_.seed, state_.data());
  optimizer_.update(network_.parameters(), state_.data(), setting_.trace ? record_.weights() : nullptr);
  if (setting_.trace) fingerprint_states();
  record_.step_done(rows * network_.targets());
}

// The samples of indices_, side by side.
void Training::gather(const DevicePart& part, int rows) {
  const kernels::Backend& ops = setting_.ops;
  kernels::Context& context = setting_.context;
  const int features = setting_.data.features;
  if (is_text())
    ops.gather_labels(context, tokens_.data(), part.tokens.data(), indices_.data(), rows, features);
  else
    ops.gather_rows(context, x_.data(), part.x.data(), indices_.data(), rows, features);
  ops.gather_labels(context, labels_.data(), part.labels.data(), indices_.data(), rows, network_.targets());
}

void Training::fingerprint_states() {
  std::uint64_t* print = record_.weights() + network_.parameters().size();
  for (const Parameter& state : network_.states())
    setting_.ops.fingerprint(setting_.context, state.value.data(), state.count(), state.id, print++);
}

bool Training::collect() {
  if (record_.empty()) return std::isfinite(epoch_loss_sum_);
  protocol::Trace trace = record_.take(step_, epoch_loss_sum_);
  if (setting_.trace) {
    for (const Parameter& parameter : network_.parameters()) trace.tensors.push_back(parameter.name);
    for (const Parameter& state : network_.states()) trace.tensors.push_back(state.name);
    setting_.events.emit(std::move(trace));
  }
  return std::isfinite(epoch_loss_sum_);
}

void Training::end_epoch() {
  protocol::MetricValues metric;
  metric.step = step_;
  metric.epoch = epoch_of(step_) + 1;
  metric.values[kTrainLoss] = epoch_loss_sum_ / static_cast<double>(targets(setting_.data.train.count));
  epoch_loss_sum_ = 0;
  if (setting_.data.validation.count > 0) {
    const Evaluation validation = evaluate(setting_.data.validation);
    metric.values[kValLoss] = validation.loss;
    metric.values[kValAccuracy] = validation.accuracy;
  }
  report(metric);
  track_best(metric);
}

void Training::report(const protocol::MetricValues& metric) {
  std::string line = fmt::format("epoch {}/{}", *metric.epoch, setting_.hyperparameters.epochs);
  for (const auto& [name, value] : metric.values) line += fmt::format("  {} {:.4f}", name, value);
  setting_.say(line);
  setting_.events.emit(metric);
}

// The earliest of equal values stays the best.
void Training::track_best(const protocol::MetricValues& metric) {
  const auto found = metric.values.find(setting_.metric.name);
  if (found == metric.values.end() || !std::isfinite(found->second)) return;
  if (best_ && !protocol::better(setting_.metric.goal, found->second, best_->value)) return;
  best_ = Best{setting_.metric.to_json(), found->second, metric.step, *metric.epoch, {}};
  if (setting_.checkpoints) best_weights_ = download(/*with_moments=*/false);
}

Training::Evaluation Training::evaluate(const DevicePart& part) {
  const kernels::Backend& ops = setting_.ops;
  kernels::Context& context = setting_.context;
  const std::size_t count = targets(part.count);
  kernels::Buffer<float> losses(ops, context, count);
  kernels::Buffer<std::int32_t> hits(ops, context, count);
  const auto pass = static_cast<std::uint32_t>(network_.evaluation_rows());
  for (std::uint32_t first = 0; first < part.count; first += pass) {
    const int rows = static_cast<int>(std::min(pass, part.count - first));
    const std::size_t skip = targets(first);
    const Input input = is_text() ? Input{nullptr, part.tokens.data() + numbers(first), rows}
                                  : Input{part.x.data() + numbers(first), nullptr, rows};
    network_.evaluate(input, {part.labels.data() + skip}, {losses.data() + skip, hits.data() + skip});
  }
  std::vector<float> host_losses(count);
  std::vector<std::int32_t> host_hits(count);
  ops.copy_to_host(context, host_losses.data(), losses.data(), host_losses.size() * sizeof(float));
  ops.copy_to_host(context, host_hits.data(), hits.data(), host_hits.size() * sizeof(std::int32_t));
  double loss = 0;
  std::int64_t hit_count = 0;
  for (const float each : host_losses) loss += static_cast<double>(each);
  for (const std::int32_t each : host_hits) hit_count += each;
  return {loss / static_cast<double>(count), static_cast<double>(hit_count) / static_cast<double>(count)};
}

std::vector<NamedTensor> Training::download(bool with_moments) {
  std::vector<NamedTensor> tensors;
  const std::vector<Parameter>& parameters = network_.parameters();
  for (const Parameter& p : parameters) tensors.push_back(fetch(setting_, p.name, p, p.value));
  for (const Parameter& s : network_.states()) tensors.push_back(fetch(setting_, s.name, s, s.value));
  for (std::size_t i = 0; with_moments && i < parameters.size(); ++i) {
    const Moments& moments = optimizer_.moments()[i];
    tensors.push_back(fetch(setting_, "optimizer.first." + parameters[i].name, parameters[i], moments.first));
    if (moments.second.data())
      tensors.push_back(fetch(setting_, "optimizer.second." + parameters[i].name, parameters[i], moments.second));
  }
  return tensors;
}

CheckpointState Training::state_with(std::vector<NamedTensor> tensors, std::uint64_t step) const {
  return {setting_.identity, step, epoch_loss_sum_, best_, std::move(tensors)};
}

void Training::write_best() {
  if (!setting_.checkpoints || best_weights_.empty()) return;
  const protocol::Checkpoint written =
      setting_.checkpoints->write(kBestKind, state_with(std::move(best_weights_), best_->step));
  best_weights_.clear();
  best_->file = written.file;
  setting_.events.emit(written);
  setting_.checkpoints->prune(kBestKind);
}

// `best` first: `last` says where it is. Everything up to this step is sent before: whoever goes on from the checkpoint
// repeats none of it.
void Training::write_checkpoints() {
  if (!setting_.checkpoints) return;
  collect();
  write_best();
  setting_.events.emit(setting_.checkpoints->write(kLastKind, state_with(download(/*with_moments=*/true), step_)));
  setting_.checkpoints->prune(kLastKind);
  last_checkpoint_s_ = setting_.now_s();
}

Ending Training::diverged() {
  const std::uint64_t seen = std::min<std::uint64_t>((position_of(step_) + 1) * static_cast<std::uint64_t>(batch_size_),
                                                     setting_.data.train.count);
  protocol::MetricValues metric;
  metric.step = step_;
  metric.epoch = epoch_of(step_) + 1;
  metric.values[kTrainLoss] = epoch_loss_sum_ / static_cast<double>(targets(seen));
  report(metric);
  write_best();
  setting_.say("the loss is not finite: the training diverged");
  setting_.events.emit(protocol::Finished{protocol::Outcome::kDiverged, weights_sha256(), step_});
  return Ending::kFinished;
}

Ending Training::completed() {
  write_best();
  if (setting_.data.test.count > 0) {
    const Evaluation test = evaluate(setting_.data.test);
    report({step_, epoch_of(step_) + 1, {{kTestLoss, test.loss}, {kTestAccuracy, test.accuracy}}});
  }
  setting_.events.emit(protocol::Finished{protocol::Outcome::kCompleted, weights_sha256(), step_});
  return Ending::kFinished;
}

std::string Training::weights_sha256() {
  core::Sha256 digest;
  for (NamedTensor& tensor : download(/*with_moments=*/false)) {
    for (float& value : tensor.values)
      if (std::isnan(value)) value = std::bit_cast<float>(kCanonicalNan);
    digest.update(std::as_bytes(std::span(tensor.values)));
  }
  return digest.hex();
}

}  // namespace trainer

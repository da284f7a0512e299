// See loop.h.
#include "trainer/training/loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "trainer/training/algorithms.h"

namespace trainer {
namespace {

constexpr std::uint32_t kCanonicalNan = 0x7fc00000;

constexpr int kMostConfusable = 50;  // classes: a matrix of more would not fit the line of an event

// Numbers that the network gives for each target.
int outputs_of(const PreparedData& data) { return data.task == Task::kRegression ? 1 : data.classes; }

core::Json rows_of(const std::vector<std::uint64_t>& counts, int classes) {
  core::Json rows = core::Json::array();
  const auto size = static_cast<std::size_t>(classes);
  for (std::size_t row = 0; row < size; ++row)
    rows.push_back(std::vector<std::uint64_t>(counts.begin() + static_cast<std::ptrdiff_t>(row * size),
                                              counts.begin() + static_cast<std::ptrdiff_t>((row + 1) * size)));
  return rows;
}

// A tensor's values and shape, from the device.
NamedTensor fetch(const Setting& s, std::string name, const Parameter& like, const kernels::Buffer<float>& values) {
  NamedTensor tensor{std::move(name), {like.shape.begin(), like.shape.end()}, std::vector<float>(values.size())};
  s.ops.copy_to_host(s.context, tensor.values.data(), values.data(), values.size() * sizeof(float));
  return tensor;
}

// Some steps of a trace.
protocol::Trace part_of(const protocol::Trace& trace, std::uint64_t from, std::uint64_t steps) {
  const auto row = static_cast<std::ptrdiff_t>(from - trace.from), rows = static_cast<std::ptrdiff_t>(steps);
  const auto tensors = static_cast<std::ptrdiff_t>(trace.tensors.size());
  const auto weights = trace.weights.begin() + row * tensors;
  const auto batch = trace.batch.begin() + row;
  return {from, from + steps - 1, trace.tensors, {weights, weights + rows * tensors}, {batch, batch + rows}};
}

}  // namespace

Training::Training(Setting setting)
    : setting_(std::move(setting)),
      batches_(setting_.ops, setting_.context, setting_.hyperparameters, setting_.data, setting_.seed),
      schedule_(setting_.hyperparameters, batches_.steps_per_epoch()),
      network_(setting_.ops, setting_.context, setting_.hyperparameters, setting_.data.shape, outputs_of(setting_.data),
               batches_.size()),
      optimizer_(setting_.ops, setting_.context, setting_.hyperparameters.optimizer, setting_.hyperparameters.clip_norm,
                 network_.parameters()),
      interval_(std::min(batches_.steps_per_epoch(), protocol::trace_steps_per_line(tensor_count()))),
      record_(setting_.ops, setting_.context, interval_, tensor_count(), batches_.size() * network_.targets()),
      plan_(setting_.ops, setting_.context, interval_),
      graph_(setting_.ops, setting_.context, setting_.records_steps),
      best_(setting_.metric, setting_.keep_best,
            protocol::NameTemplate(setting_.best_name, ranking_metrics(), "checkpoints.name"),
            setting_.write_best ? setting_.checkpoints : nullptr) {
  network_.initialise(setting_.hyperparameters.init, setting_.seed);
}

std::size_t Training::adopt(const std::vector<NamedTensor>& tensors) {
  std::size_t taken = 0;
  for (std::vector<Parameter>* own : {&network_.parameters(), &network_.states()})
    for (Parameter& p : *own)
      for (const NamedTensor& given : tensors) {
        if (given.name != p.name ||
            !std::equal(given.shape.begin(), given.shape.end(), p.shape.begin(), p.shape.end(),
                        [](std::uint64_t a, int b) { return a == static_cast<std::uint64_t>(b); }))
          continue;
        setting_.ops.copy_to_device(setting_.context, p.value.data(), given.values.data(),
                                    given.values.size() * sizeof(float));
        ++taken;
      }
  setting_.ops.synchronize(setting_.context);  // the host's tensors may go away
  return taken;
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
    if (moments.first.data()) upload(moments.first, *tensor++);
    if (moments.second.data()) upload(moments.second, *tensor++);
  }
  setting_.ops.synchronize(setting_.context);
  step_ = checkpoint.step;
  epoch_loss_sum_ = checkpoint.epoch_loss_sum;
  best_.restore(std::move(checkpoint.best));
  watched_ = checkpoint.watched;
}

std::size_t Training::weight_count() const {
  std::size_t count = 0;
  for (const Parameter& parameter : network_.parameters()) count += parameter.value.size();
  return count;
}

std::size_t Training::trained_count() const {
  std::size_t count = 0;
  for (const Parameter& parameter : network_.parameters()) count += parameter.gradient.size();
  return count;
}

Ending Training::run() {
  last_checkpoint_s_ = setting_.now_s();
  const std::uint64_t first = step_;
  while (step_ < schedule_.total_steps()) {
    if (setting_.stop_requested()) {
      if (step_ > first) write_checkpoints();
      send_pending();
      return Ending::kInterrupted;
    }
    train_step(step_ + 1);
    ++step_;
    if (setting_.phase_ended) end_phase(step_ - first);
    send_pending();  // now that the device has work
    const std::uint64_t done = position_of(step_) + 1;
    const bool last = done == batches_.steps_per_epoch();
    if ((done % interval_ == 0 || last) && !collect()) return diverged();
    if (last && !end_epoch()) break;
    if (setting_.checkpoints && step_ < schedule_.total_steps() &&
        setting_.now_s() - last_checkpoint_s_ >= kCheckpointInterval_s)
      write_checkpoints();
  }
  return completed();
}

void Training::train_step(std::uint64_t step) {
  if (record_.empty()) plan_from(step);
  const int rows = batches_.rows(position_of(step));
  record_.step_begun(rows * network_.targets());
  const bool traced = is_traced(step);
  graph_.run(rows, traced, [this, rows, traced] { make_step(rows, traced); });
}

// Up to where the record is collected next.
void Training::plan_from(std::uint64_t step) {
  const std::uint64_t position = position_of(step);
  const std::uint64_t steps = std::min(interval_ - position % interval_, batches_.steps_per_epoch() - position);
  plan_.make(steps, [&](std::uint64_t i) {
    kernels::StepState state = schedule_.state(step + i);
    state.first = batches_.first(position + i);
    return state;
  });
}

void Training::make_step(int rows, bool traced) {
  plan_.begin();
  kernels::StepState* const state = plan_.now();
  batches_.make(rows, state);
  if (traced) setting_.ops.batch_fingerprint(setting_.context, batches_.indices(), rows, record_.batch());
  network_.forward_backward(batches_.input(rows), batches_.targets(), {record_.losses(), record_.hits()}, setting_.seed,
                            state);
  optimizer_.update(network_.parameters(), state, traced ? record_.weights() : nullptr);
  if (traced) fingerprint_states();
  record_.store(state);
}

void Training::fingerprint_states() {
  std::uint64_t* print = record_.weights() + network_.parameters().size();
  for (const Parameter& state : network_.states())
    setting_.ops.fingerprint(setting_.context, state.value.data(), state.count(), state.id, print++);
}

// The second step is the first that is recorded, the third the first that is replayed.
void Training::end_phase(std::uint64_t steps_done) {
  constexpr std::array kPhases = {"first step", "second step", "third step"};
  if (steps_done > kPhases.size()) return;
  setting_.ops.synchronize(setting_.context);
  setting_.phase_ended(kPhases[steps_done - 1]);
}

bool Training::collect() {
  emit_new_algorithms(setting_.context, setting_.events);
  if (record_.empty()) return std::isfinite(epoch_loss_sum_);
  protocol::Trace trace = take_trace();
  if (setting_.trace > 0) {
    send_pending();
    pending_ = std::move(trace);
  }
  return std::isfinite(epoch_loss_sum_);
}

protocol::Trace Training::take_trace() {
  protocol::Trace trace = record_.take(step_, epoch_loss_sum_);
  for (const Parameter& parameter : network_.parameters()) trace.tensors.push_back(parameter.name);
  for (const Parameter& state : network_.states()) trace.tensors.push_back(state.name);
  return trace;
}

void Training::send_pending() {
  if (pending_) send(*std::exchange(pending_, std::nullopt));
}

// A line for all steps, or for as many as their tensors' names leave room for. Steps without fingerprints between two
// with them: a line for each of these.
void Training::send(protocol::Trace trace) {
  std::uint64_t steps = 1;
  for (std::uint64_t step = trace.from; step <= trace.to; step += steps) {
    if (!is_traced(step)) continue;
    if (setting_.trace == 1) {
      if (step == trace.from) steps = protocol::steps_that_fit(trace, setting_.events.next());
      if (steps == trace.steps()) return setting_.events.emit(std::move(trace));
    }
    setting_.events.emit(part_of(trace, step, std::min(steps, trace.to - step + 1)));
  }
}

protocol::Trace Training::single_step() {
  core::check(step_ < schedule_.total_steps(), "a step beyond the training's last");
  train_step(step_ + 1);
  ++step_;
  protocol::Trace trace = take_trace();
  if (position_of(step_) + 1 == batches_.steps_per_epoch()) epoch_loss_sum_ = 0;
  return is_traced(step_) ? trace : protocol::Trace{};
}

bool Training::end_epoch() {
  protocol::MetricValues metric;
  metric.step = step_;
  metric.epoch = epoch_of(step_) + 1;
  metric.values[kTrainLoss] = epoch_loss_sum_ / targets(batches_.steps_per_epoch());
  epoch_loss_sum_ = 0;
  if (setting_.data.validation.count > 0) {
    const Evaluation found = evaluate(setting_.data.validation, {setting_.hyperparameters.top5, false});
    metric.values[kValLoss] = found.loss;
    if (found.accuracy) metric.values[kValAccuracy] = *found.accuracy;
    if (found.top5) metric.values[kValTop5] = *found.top5;
    if (found.r2) metric.values[kValR2] = *found.r2;
  }
  report(metric);
  best_.offer(metric, [this] { return download(/*with_moments=*/false); });
  return is_worth_going_on(metric);
}

// What is watched is part of the trial, and so never the metric of the sweep that happens to run it.
bool Training::is_worth_going_on(const protocol::MetricValues& metric) {
  const auto patience = static_cast<std::uint64_t>(setting_.hyperparameters.patience);
  if (patience == 0) return true;
  const auto validated = metric.values.find(kValLoss);
  const double loss = validated != metric.values.end() ? validated->second : metric.values.at(kTrainLoss);
  const bool first_number = watched_ && std::isnan(watched_->least) && !std::isnan(loss);
  if (!watched_ || first_number || loss < watched_->least) watched_ = Watched{loss, *metric.epoch};
  return *metric.epoch - watched_->epoch < patience;
}

void Training::report(const protocol::MetricValues& metric) {
  std::string line = fmt::format("epoch {}/{}", *metric.epoch, setting_.hyperparameters.epochs);
  for (const auto& [name, value] : metric.values) line += fmt::format("  {} {:.4f}", name, value);
  setting_.say(line);
  send_pending();
  emit_new_algorithms(setting_.context, setting_.events);
  setting_.events.emit(metric);
}

Evaluation Training::evaluate(const DevicePart& part, Wanted wanted) {
  return trainer::evaluate(setting_.ops, setting_.context, network_, setting_.data, part, wanted);
}

std::vector<NamedTensor> Training::download(bool with_moments) {
  std::vector<NamedTensor> tensors;
  const std::vector<Parameter>& parameters = network_.parameters();
  for (const Parameter& p : parameters) tensors.push_back(fetch(setting_, p.name, p, p.value));
  for (const Parameter& s : network_.states()) tensors.push_back(fetch(setting_, s.name, s, s.value));
  for (std::size_t i = 0; with_moments && i < parameters.size(); ++i) {
    const Moments& moments = optimizer_.moments()[i];
    if (moments.first.data())
      tensors.push_back(fetch(setting_, "optimizer.first." + parameters[i].name, parameters[i], moments.first));
    if (moments.second.data())
      tensors.push_back(fetch(setting_, "optimizer.second." + parameters[i].name, parameters[i], moments.second));
  }
  return tensors;
}

CheckpointState Training::state_with(std::vector<NamedTensor> tensors, std::uint64_t step) const {
  return {setting_.identity, step, epoch_loss_sum_, best_.list(), watched_, std::move(tensors)};
}

void Training::write_best() {
  send_pending();
  best_.write(
      [this](std::vector<NamedTensor> tensors, std::uint64_t step) { return state_with(std::move(tensors), step); },
      setting_.events);
}

// `best` first: `last` says where it is. Everything up to this step is sent before: whoever goes on from the checkpoint
// repeats none of it.
void Training::write_checkpoints() {
  if (!setting_.checkpoints) return;
  collect();
  write_best();
  const protocol::Checkpoint written =
      setting_.checkpoints->write(kLastKind, std::to_string(step_), state_with(download(/*with_moments=*/true), step_));
  setting_.events.emit(written);
  setting_.checkpoints->prune(kLastKind, {written.file});
  last_checkpoint_s_ = setting_.now_s();
}

Ending Training::diverged() {
  protocol::MetricValues metric;
  metric.step = step_;
  metric.epoch = epoch_of(step_) + 1;
  metric.values[kTrainLoss] = epoch_loss_sum_ / targets(position_of(step_) + 1);
  report(metric);
  write_best();
  setting_.say("the loss is not finite: the training diverged");
  setting_.events.emit(protocol::Finished{protocol::Outcome::kDiverged, weights_sha256(), step_});
  return Ending::kFinished;
}

Ending Training::completed() {
  write_best();
  core::Json said = remarks();
  if (setting_.data.test.count > 0) {
    const Evaluation test = evaluate(setting_.data.test, {setting_.hyperparameters.top5, said.contains("confusion")});
    protocol::MetricValues metric{step_, epoch_of(step_) + 1, {{kTestLoss, test.loss}}};
    if (test.accuracy) metric.values[kTestAccuracy] = *test.accuracy;
    if (test.top5) metric.values[kTestTop5] = *test.top5;
    if (test.r2) metric.values[kTestR2] = *test.r2;
    report(metric);
    if (!test.confusion.empty()) said["confusion"]["test"] = rows_of(test.confusion, setting_.data.classes);
  }
  setting_.events.emit(protocol::Finished{protocol::Outcome::kCompleted, weights_sha256(), step_}, std::move(said));
  return Ending::kFinished;
}

core::Json Training::remarks() {
  core::Json said = core::Json::object();
  if (step_ < schedule_.total_steps())
    said["stopped_early"] = {{"epoch", epoch_of(step_) + 1}, {"best_epoch", watched_->epoch}};
  const PreparedData& data = setting_.data;
  if (data.task != Task::kClassification || data.classes > kMostConfusable) return said;
  said["confusion"] = core::Json::object();
  if (data.validation.count > 0)
    said["confusion"]["validation"] = rows_of(evaluate(data.validation, {false, true}).confusion, data.classes);
  return said;
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

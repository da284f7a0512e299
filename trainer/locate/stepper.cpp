// See stepper.h.
#include "trainer/locate/stepper.h"

#include <algorithm>

#include "core/error.h"
#include "kernels/shuffle_formula.h"
#include "kernels/traced.h"

namespace trainer {
namespace {

using kernels::hypotheses::OtherBackend;

TrialOrder on_cpu(TrialOrder order) {
  check_document(order);
  order.document.device = "cpu";
  order.document.gpu.clear();
  order.document.trace = "step";
  order.records_steps = false;  // what a hypothesis changes takes effect with the calls
  return order;
}

class OpNames final : public kernels::TraceListener {
 public:
  void wrote(const kernels::Written& written, std::initializer_list<const void*>) override { names.insert(written.op); }
  std::set<std::string> names;
};

}  // namespace

// A training under a hypothesis with all that it is made of.
struct Stepper::Run {
  const Hypothesis* hypothesis = nullptr;
  std::unique_ptr<OtherBackend> back_end;
  Hyperparameters hyperparameters;
  std::uint32_t seed = 0;
  std::optional<PreparedData> own_data;  // where the seed splits it otherwise
  PreparedData* data = nullptr;
  std::unique_ptr<Training> training;
  bool applied = false;
};

Stepper::Stepper(const TrialOrder& order)
    : order_(on_cpu(order)),
      workspace_(Workspace::For::kManyTrials),
      trial_(order_, workspace_),
      nobody_([](std::string_view) {}),
      honest_(begin()) {
  unfold(*trial_.device.ops, *trial_.device.context, trial_.prepared, trial_.prepared.train);
  for (const Parameter& parameter : honest_->network().parameters()) tensors_.push_back(parameter.name);
  for (const Parameter& state : honest_->network().states()) tensors_.push_back(state.name);
}

Stepper::~Stepper() = default;

std::unique_ptr<Training> Stepper::begin() {
  auto training = std::make_unique<Training>(trial_.setting(nobody_, nullptr));
  trial_.adopt(*training);
  if (!order_.resume.empty()) trial_.restore(*training);
  return training;
}

std::optional<std::uint64_t> Stepper::find(const RecordedSteps& record, std::uint64_t expected) {
  const auto found = first_difference(record, expected);
  if (!found || *found == expected) return found;
  // Earlier than was expected: the states before it were not kept.
  honest_ = begin();
  if (first_difference(record, *found) != found)
    throw core::EnvironmentError("this machine",
                                 "does not compute the same twice: step " + std::to_string(*found) +
                                     " differed from the record and then did not",
                                 "run sweep-trainer selftest, and replay on another machine");
  return found;
}

std::optional<std::uint64_t> Stepper::first_difference(const RecordedSteps& record, std::uint64_t expected) {
  const std::uint64_t last = std::min(expected, honest_->total_steps());
  const std::uint64_t window = std::max(record.last_before(expected), honest_->step());
  for (;;) {
    if (honest_->step() + 1 == window) earlier_ = honest_->snapshot();
    if (honest_->step() == window) before_ = honest_->snapshot();
    if (honest_->step() >= last) return std::nullopt;
    const StepPrints prints = StepPrints::of(honest_->single_step());
    const StepPrints* recorded = record.at(honest_->step());
    if (!recorded || prints == *recorded) continue;
    found_ = honest_->step();
    honest_prints_ = prints;
    if (found_ == expected) learn_ops();
    return found_;
  }
}

std::vector<std::uint32_t> Stepper::batch(std::uint64_t step) const {
  const Batches& batches = honest_->batches();
  const std::uint64_t position = (step - 1) % batches.steps_per_epoch();
  const auto epoch = static_cast<std::uint32_t>((step - 1) / batches.steps_per_epoch());
  const std::uint64_t first = batches.samples_of(position), end = batches.samples_of(position + 1);
  const core::Permutation order = kernels::epoch_order(trial_.prepared.train.count, order_.document.seed, epoch);
  std::vector<std::uint32_t> indices;
  for (std::uint64_t i = first; i < end; ++i) indices.push_back(static_cast<std::uint32_t>(order(i)));
  return indices;
}

void Stepper::learn_ops() {
  OpNames listener;
  kernels::TracedContext context(*trial_.device.ops, *trial_.device.context, listener);
  Training training(trial_.setting(
      {trial_.hyperparameters, order_.document.seed, trial_.prepared, kernels::traced_backend(), context}, nobody_,
      nullptr));
  training.restore(before_, "state");
  training.single_step();
  ops_ = std::move(listener.names);
}

// Whatever a hypothesis changes but its ops and rows, which may begin later.
std::unique_ptr<Stepper::Run> Stepper::start(const Hypothesis& hypothesis, bool from_start) {
  auto run = std::make_unique<Run>();
  run->hypothesis = &hypothesis;
  run->back_end = std::make_unique<OtherBackend>(order_.document.threads, order_.isa);
  run->hyperparameters = trial_.hyperparameters;
  run->seed = order_.document.seed;
  run->data = &trial_.prepared;
  if (hypothesis.settings) hypothesis.settings(run->hyperparameters);
  if (hypothesis.seed) run->seed = *hypothesis.seed;
  if (from_start && run->seed != order_.document.seed) {
    run->own_data =
        prepare_data(trial_.data, {trial_.hyperparameters.validation_fraction, trial_.hyperparameters.split}, run->seed,
                     run->back_end->ops(), run->back_end->context());
    run->data = &*run->own_data;
    unfold(run->back_end->ops(), run->back_end->context(), *run->data, run->data->train);
  }
  run->training = std::make_unique<Training>(trial_.setting(
      {run->hyperparameters, run->seed, *run->data, run->back_end->ops(), run->back_end->context()}, nobody_, nullptr));
  return run;
}

StepPrints Stepper::step(Run& run) {
  const Hypothesis& hypothesis = *run.hypothesis;
  const bool now = !hypothesis.is_once || run.training->step() + 1 == found_;
  if (now && hypothesis.ops && !std::exchange(run.applied, true)) hypothesis.ops(*run.back_end);
  if (!hypothesis.rows || !run.data->train.x.data()) return StepPrints::of(run.training->single_step());
  // On the CPU the device's memory is ours. The rows go back as they were.
  const auto features = static_cast<std::size_t>(run.data->features);
  const std::vector<std::uint32_t> samples = batch(run.training->step() + 1);
  std::vector<float> rows(samples.size() * features);
  float* const x = run.data->train.x.data();
  for (std::size_t i = 0; i < samples.size(); ++i)
    std::copy_n(x + samples[i] * features, features, &rows[i * features]);
  std::vector<float> changed = rows;
  hypothesis.rows(samples, changed.data());
  const auto put = [&](const std::vector<float>& from) {
    for (std::size_t i = 0; i < samples.size(); ++i)
      std::copy_n(&from[i * features], features, x + samples[i] * features);
  };
  put(changed);
  StepPrints prints = StepPrints::of(run.training->single_step());
  put(rows);
  return prints;
}

StepPrints Stepper::run(const Hypothesis& hypothesis) {
  last_run_ = start(hypothesis, /*from_start=*/false);
  Run* const made = last_run_.get();
  if (hypothesis.needs_step_before && !earlier_.tensors.empty()) {
    made->training->restore(earlier_, "state");
    while (made->training->step() < before_.step) made->training->single_step();
  } else {
    made->training->restore(before_, "state");
  }
  StepPrints prints;
  while (made->training->step() < found_) prints = step(*made);
  return prints;
}

CheckpointState Stepper::after() { return last_run_->training->snapshot(); }

StepPrints Stepper::run_on() { return step(*last_run_); }

Training& Stepper::quick() {
  if (!quick_) quick_ = std::make_unique<Training>(trial_.setting(nobody_, nullptr));
  return *quick_;
}

StepPrints Stepper::quick_step_from(const CheckpointState& state) {
  quick().restore(state, "state");
  return StepPrints::of(quick().single_step());
}

bool Stepper::explains_from_start(const Hypothesis& hypothesis, const RecordedSteps& record) {
  last_run_ = start(hypothesis, /*from_start=*/true);
  Run* const made = last_run_.get();
  trial_.adopt(*made->training);
  while (made->training->step() < found_) {
    if (made->training->step() >= made->training->total_steps()) return false;
    const StepPrints prints = step(*made);
    const StepPrints* recorded = record.at(made->training->step());
    if (recorded && prints != *recorded) return false;
  }
  return true;
}

}  // namespace trainer

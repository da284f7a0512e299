// The training of one trial: step by step, event by event, from the beginning or from a checkpoint. Callers: trial.cpp
// and the tests. It knows no file of data, no environment variable and no process.
//
// Determinism: every event but `checkpoint`, `started` and `algorithms` is a function of the setting. A resumed
// training emits, from the step after the checkpoint on, the events of one that was never interrupted, to the bit; only
// the bounds of `trace` lines may differ. The clock decides when a checkpoint is written and nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "protocol/trial_document.h"
#include "trainer/checkpoint/checkpoint.h"
#include "trainer/hyperparameters.h"
#include "trainer/nn/network.h"
#include "trainer/optim/optimizer.h"
#include "trainer/optim/schedule.h"
#include "trainer/training/batches.h"
#include "trainer/training/best_epochs.h"
#include "trainer/training/evaluate.h"
#include "trainer/training/event_sink.h"
#include "trainer/training/prepared_data.h"
#include "trainer/training/step_graph.h"
#include "trainer/training/step_plan.h"
#include "trainer/training/step_record.h"

namespace trainer {

inline constexpr double kCheckpointInterval_s = 30;

/// What a training is made of. References must outlive it.
struct Setting {
  const Hyperparameters& hyperparameters;
  std::uint32_t seed = 0;
  core::Json identity;      ///< of the trial, for its checkpoints
  protocol::Metric metric;  ///< what "best" means
  std::uint64_t trace = 1;  ///< fingerprints are taken of every so many steps; 0: of none
  PreparedData& data;
  const kernels::Backend& ops;
  kernels::Context& context;
  EventSink& events;
  CheckpointFolder* checkpoints = nullptr;  ///< null: none are written
  std::size_t keep_best = 1;                ///< epochs whose weights are kept
  std::string best_name = "{step}";         ///< a template: protocol::NameTemplate
  bool write_best = true;                   ///< false: of the best epochs no weights are kept
  std::function<bool()> stop_requested = [] { return false; };
  std::function<double()> now_s = [] { return 0.0; };                       ///< monotonic seconds
  std::function<void(const std::string&)> say = [](const std::string&) {};  ///< a line of progress for people
  bool records_steps = true;                                                ///< see StepGraph
  std::function<void(const char* phase)> phase_ended{};                     ///< see TrialOrder
};

enum class Ending {
  kFinished,     ///< `finished` was sent: completed or diverged
  kInterrupted,  ///< a stop was requested; a checkpoint was written where there is a folder
};

class Training {
 public:
  /// Fresh weights. Errors: kernels::OutOfMemory, UserError for a network that is too large.
  explicit Training(Setting setting);

  /// Goes on after the checkpoint's step. Errors: UserError where its tensors are not this network's.
  void restore(CheckpointState checkpoint, const std::string& place);

  std::uint64_t step() const { return step_; }
  std::size_t weight_count() const;
  std::size_t trained_count() const;  ///< without those that are frozen

  /// Trains from step() + 1 to the end. Called once.
  Ending run();

  /// Trains step() + 1 alone and says nothing of it. Returns the fingerprints that its trace would have, none where the
  /// setting wants no trace. For locate/: run() is not called on such a training.
  protocol::Trace single_step();

  /// What a checkpoint written now would hold.
  CheckpointState snapshot() { return state_with(download(/*with_moments=*/true), step_); }

  std::uint64_t total_steps() const { return schedule_.total_steps(); }

  /// SHA-256 over the bits of all parameters, then all states, in order, NaNs as 0x7fc00000, lowest byte first.
  std::string weights_sha256();

  Evaluation evaluate(const DevicePart& part, Wanted wanted = {});

  /// Takes over the tensors that have the name and shape of one of the network's. Returns how many.
  std::size_t adopt(const std::vector<NamedTensor>& tensors);

  Network& network() { return network_; }
  OptimizerState& optimizer() { return optimizer_; }
  const Batches& batches() const { return batches_; }

 private:
  void train_step(std::uint64_t step);
  void plan_from(std::uint64_t step);
  // The calls of a step: the same for each batch of so many samples, with fingerprints or without.
  void make_step(int rows, bool traced);
  // Of the last step always: what the training ends with.
  bool is_traced(std::uint64_t step) const {
    return setting_.trace > 0 && (step % setting_.trace == 0 || step == schedule_.total_steps());
  }
  void fingerprint_states();
  void end_phase(std::uint64_t steps_done);
  protocol::Trace take_trace();
  bool collect();       // fetches the record; false where the loss is not finite
  void send_pending();  // before any other event
  void send(protocol::Trace trace);
  bool end_epoch();  // false where the training is to stop early
  bool is_worth_going_on(const protocol::MetricValues& metric);
  void write_checkpoints();
  void write_best();
  void report(const protocol::MetricValues& metric);
  Ending diverged();
  Ending completed();
  core::Json remarks();  // what `finished` says beside its own fields
  // Targets of the first `steps` steps of an epoch.
  double targets(std::uint64_t steps) const {
    return static_cast<double>(batches_.samples_of(steps) * static_cast<std::uint64_t>(network_.targets()));
  }
  std::size_t tensor_count() const { return network_.parameters().size() + network_.states().size(); }
  CheckpointState state_with(std::vector<NamedTensor> tensors, std::uint64_t step) const;
  std::vector<NamedTensor> download(bool with_moments);
  std::uint64_t epoch_of(std::uint64_t step) const { return (step - 1) / batches_.steps_per_epoch(); }
  std::uint64_t position_of(std::uint64_t step) const { return (step - 1) % batches_.steps_per_epoch(); }

  Setting setting_;
  Batches batches_;
  Schedule schedule_;
  Network network_;
  OptimizerState optimizer_;
  std::uint64_t interval_;  ///< steps of a trace line, counted from the start of each epoch
  StepRecord record_;
  StepPlan plan_;
  StepGraph graph_;

  std::uint64_t step_ = 0;
  double epoch_loss_sum_ = 0;
  std::optional<protocol::Trace> pending_;  ///< what was collected and not sent
  BestEpochs best_;
  std::optional<Watched> watched_;  ///< with patience only
  double last_checkpoint_s_ = 0;
};

}  // namespace trainer

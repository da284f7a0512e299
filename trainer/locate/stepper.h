// Trains single steps of a trial, as they should be or under a hypothesis, from the state before a step. Callers:
// locate_verb.cpp and the solvers. On the CPU, whatever the trial ran on: portable arithmetic gives the same bits.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kernels/cpu_threads.h"
#include "trainer/locate/hypothesis.h"
#include "trainer/locate/recorded_steps.h"
#include "trainer/training/open_trial.h"

namespace trainer {

class Stepper {
 public:
  /// Errors: as run_trial.
  explicit Stepper(const TrialOrder& order);
  ~Stepper();
  Stepper(const Stepper&) = delete;
  Stepper& operator=(const Stepper&) = delete;

  OpenTrial& trial() { return trial_; }
  const std::vector<std::string>& tensors() const { return tensors_; }
  std::uint64_t steps_per_epoch() const { return honest_->batches().steps_per_epoch(); }
  std::uint64_t total_steps() const { return honest_->total_steps(); }
  std::size_t weight_count() const { return honest_->weight_count(); }

  /// Trains honestly up to `expected` and returns the first step at which the record and this machine differ; nothing
  /// where there is none. What is done afterwards begins behind the last recorded step before that one.
  /// Errors: EnvironmentError where this machine does not give the same twice.
  std::optional<std::uint64_t> find(const RecordedSteps& record, std::uint64_t expected);

  // From here on: after find() has found a step.

  std::uint64_t first_step() const { return before_.step + 1; }  ///< of the window
  std::uint64_t last_step() const { return found_; }             ///< that differs
  const CheckpointState& before() const { return before_; }
  /// The samples of a step's batch.
  std::vector<std::uint32_t> batch(std::uint64_t step) const;
  /// The ops that a step calls: "gemm", ….
  const std::set<std::string>& ops() const { return ops_; }
  /// The honest fingerprints of last_step().
  const StepPrints& honest() const { return honest_prints_; }

  /// The fingerprints of last_step(), the window trained under the hypothesis, which must outlive the next call.
  StepPrints run(const Hypothesis& hypothesis);
  /// The state behind the last run() or explains_from_start().
  CheckpointState after();
  /// The step behind it, still under the hypothesis. Requires: there is one.
  StepPrints run_on();

  /// One honest step from that state by a training that is kept: thousands of them are cheap.
  StepPrints quick_step_from(const CheckpointState& state);
  /// That training: its gradients are those of the last quick step.
  Training& quick();

  /// Whether a training from the beginning under the hypothesis has every recorded fingerprint up to last_step().
  bool explains_from_start(const Hypothesis& hypothesis, const RecordedSteps& record);

 private:
  struct Run;

  std::unique_ptr<Training> begin();
  std::optional<std::uint64_t> first_difference(const RecordedSteps& record, std::uint64_t expected);
  std::unique_ptr<Run> start(const Hypothesis& hypothesis, bool from_start);
  StepPrints step(Run& run);
  void learn_ops();

  const kernels::cpu::PortableFloatState float_state_;
  TrialOrder order_;
  Workspace workspace_;
  OpenTrial trial_;
  EventSink nobody_;
  std::unique_ptr<Training> honest_;
  std::unique_ptr<Training> quick_;
  std::vector<std::string> tensors_;
  std::uint64_t found_ = 0;
  CheckpointState before_, earlier_;  // earlier: a step before `before_`, where there is one
  std::unique_ptr<Run> last_run_;
  StepPrints honest_prints_;
  std::set<std::string> ops_;
};

}  // namespace trainer

// One trial from its document to its exit code: data found and checked, device chosen, training run or gone on with.
// Callers: main.cpp and the tests. It reads no environment variable: main does.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/backends.h"
#include "kernels/fast/choice.h"
#include "protocol/trial_document.h"
#include "trainer/training/event_sink.h"
#include "trainer/training/workspace.h"

namespace trainer {

/// "sweep-trainer/1:" and kernels::selftest_digest(): another constant is another trainer. A change on purpose of what
/// the constants do not hold (docs/reproducibility.md) raises the number.
const std::string& trainer_identity();

struct TrialOrder {
  protocol::TrialDocument document;
  std::string place;           ///< the document's path, for messages
  std::string checkpoint_dir;  ///< empty: no checkpoints
  std::string resume;          ///< a checkpoint: a path, or a name in checkpoint_dir; empty: from the beginning
  kernels::CpuIsa isa = kernels::CpuIsa::kBest;
  std::function<bool()> stop_requested = [] { return false; };
  std::function<double()> now_s = [] { return 0.0; };
  std::function<void(const std::string&)> say = [](const std::string&) {};
  bool records_steps = true;  ///< false: each step makes its calls anew, so that an error names its op
  std::vector<kernels::fast::Choice> algorithms{};  ///< of an earlier run under fast-1: to be computed by
  /// Told at the end of each phase of the start, in order. Empty: nobody asks, and nothing waits for a device.
  std::function<void(const char* phase)> phase_ended{};
};

/// Runs it; returns kTrainerCompleted, or kTrainerInterrupted after a stop.
/// Errors: UserError (document, hyperparameters, data, checkpoint), EnvironmentError (device, disk),
/// kernels::OutOfMemory, ReaderGone.
int run_trial(const TrialOrder& order, EventSink& events);
/// The same, with what an earlier trial has left in the workspace. After an error that is not to be used again.
int run_trial(const TrialOrder& order, EventSink& events, Workspace& workspace);

/// What chance does to the outputs of the trial's network (probe.h), fresh or from the order's checkpoint, over samples
/// of the training part, as a table. Errors: as run_trial.
std::string probe_trial(const TrialOrder& order, int passes);

}  // namespace trainer

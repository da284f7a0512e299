// See trial.h.
#include "trainer/training/trial.h"

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "kernels/cpu_threads.h"
#include "kernels/selftest.h"
#include "protocol/outcome.h"
#include "trainer/training/algorithms.h"
#include "trainer/training/environment.h"
#include "trainer/training/loop.h"
#include "trainer/training/open_trial.h"
#include "trainer/training/probe.h"

namespace trainer {
const std::string& trainer_identity() {
  static const std::string identity = "sweep-trainer/1:" + kernels::selftest_digest();
  return identity;
}

int run_trial(const TrialOrder& order, EventSink& events) {
  Workspace workspace;
  return run_trial(order, events, workspace);
}

int run_trial(const TrialOrder& order, EventSink& events, Workspace& workspace) {
  // Sums in double, schedules and the data's preparation are computed on this thread.
  const unsigned found = float_state();
  const kernels::cpu::PortableFloatState set_float_state;
  check_document(order);
  OpenTrial trial(order, workspace);
  const auto end_phase = [&](const char* phase) {
    if (order.phase_ended) order.phase_ended(phase);
  };
  if (order.phase_ended) trial.device.ops->synchronize(*trial.device.context);
  end_phase("samples");
  CheckpointFolder folder(order.checkpoint_dir);
  Training training(trial.setting(events, order.checkpoint_dir.empty() ? nullptr : &folder));
  core::Json about =
      environment(order.document, {trial.device, trial.data, trial.prepared, training.trained_count(), found});
  const std::size_t adopted = trial.adopt(training);
  if (adopted > 0) about["tensors_from_file"] = adopted;
  if (!order.resume.empty()) folder.keep(kLastKind, trial.restore(training));
  protocol::Started started{protocol::kProtocolVersion, trainer_identity(), training.step()};
  const std::size_t rest = protocol::Event{events.next(), started, {}}.line().size();
  shorten(about, protocol::kMaxEventBytes - rest);
  started.environment = std::move(about);
  events.emit(std::move(started));
  end_phase("network");
  try {
    return training.run() == Ending::kFinished ? protocol::kTrainerCompleted : protocol::kTrainerInterrupted;
  } catch (const kernels::fast::NotRebuilt& error) {
    emit_not_comparable(error, events);
    throw core::EnvironmentError("algorithm", error.what(), "replay on the machine of the record");
  }
}

std::string probe_trial(const TrialOrder& order, int passes) {
  check_document(order);
  Workspace workspace;
  OpenTrial trial(order, workspace);
  EventSink nobody([](std::string_view) {});
  Training training(trial.setting(nobody, nullptr));
  trial.adopt(training);
  if (!order.resume.empty()) trial.restore(training);
  const DevicePart& part = trial.prepared.train;
  const int rows = std::min<int>(training.network().evaluation_rows(), static_cast<int>(part.count));
  const kernels::Backend& ops = *trial.device.ops;
  kernels::Context& context = *trial.device.context;
  kernels::Buffer<float> samples;
  const float* const x = samples_from(ops, context, trial.prepared, part, 0, rows, samples);
  return describe_probe(
      probe(training.network(), {x, part.tokens.data(), rows}, passes, order.document.seed, ops, context), rows,
      passes);
}

}  // namespace trainer

// See trial.h.
#include "trainer/training/trial.h"

#include <zlib.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/version.h"
#include "kernels/cpu_threads.h"
#include "kernels/selftest.h"
#include "protocol/outcome.h"
#include "trainer/training/loop.h"
#include "trainer/training/open_trial.h"
#include "trainer/training/probe.h"

namespace trainer {
namespace {

using core::Json;

Json environment(const TrialOrder& order, const Device& device, const Dataset& data, const PreparedData& prepared,
                 std::size_t weights) {
  const core::Build& build = core::build();
  Json json = {{"version", build.version},     {"commit", build.git_commit},
               {"compiler", build.compiler},   {"flags", build.flags},
               {"back_ends", build.back_ends}, {"device", device.description},
               {"back_end", device.ops->name}, {"threads", order.document.threads},
               {"weights", weights},           {"libraries", {{"zlib", zlibVersion()}}}};
  json["data"] = {{"sha256", order.document.data->sha256},
                  {"features", prepared.features},
                  {"classes", prepared.classes},
                  {"train_samples", prepared.train.count},
                  {"validation_samples", prepared.validation.count},
                  {"test_samples", prepared.test.count},
                  {"split_sha256", prepared.split_sha256}};
  if (!prepared.normalisation_sha256.empty()) json["data"]["normalisation_sha256"] = prepared.normalisation_sha256;
  if (data.task == Task::kRegression)
    json["data"]["target"] = {{"mean", prepared.target_mean}, {"deviation", prepared.target_deviation}};
  if (data.image) json["data"]["image"] = {data.height, data.width, data.channels};
  if (!order.document.data->options.empty()) json["data"]["options"] = order.document.data->options.to_json();
  if (!data.class_names.empty() && data.class_names.size() <= 100) json["data"]["class_names"] = data.class_names;
  if (order.document.device == "cpu") json["isa"] = kernels::name(kernels::cpu_isa(*device.context));
  return json;
}

}  // namespace

std::string trainer_identity() { return "sweep-trainer/1:" + kernels::selftest_digest(); }

int run_trial(const TrialOrder& order, EventSink& events) {
  Workspace workspace;
  return run_trial(order, events, workspace);
}

int run_trial(const TrialOrder& order, EventSink& events, Workspace& workspace) {
  // Sums in double, schedules and the data's preparation are computed on this thread.
  const kernels::cpu::PortableFloatState float_state;
  check_document(order);
  OpenTrial trial(order, workspace);
  CheckpointFolder folder(order.checkpoint_dir);
  Training training(trial.setting(events, order.checkpoint_dir.empty() ? nullptr : &folder));
  Json about = environment(order, trial.device, trial.data, trial.prepared, training.weight_count());
  const std::size_t adopted = trial.adopt(training);
  if (adopted > 0) about["tensors_from_file"] = adopted;
  if (!order.resume.empty()) folder.keep(kLastKind, trial.restore(training));
  events.emit(protocol::Started{protocol::kProtocolVersion, trainer_identity(), training.step(), std::move(about)});
  return training.run() == Ending::kFinished ? protocol::kTrainerCompleted : protocol::kTrainerInterrupted;
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
  return describe_probe(probe(training.network(), {part.x.data(), part.tokens.data(), rows}, passes,
                              order.document.seed, *trial.device.ops, *trial.device.context),
                        rows, passes);
}

}  // namespace trainer

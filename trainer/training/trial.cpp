// See trial.h.
#include "trainer/training/trial.h"

#include <zlib.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/suggest.h"
#include "core/version.h"
#include "kernels/selftest.h"
#include "protocol/data_set.h"
#include "protocol/outcome.h"
#include "trainer/training/loop.h"

namespace trainer {
namespace {

using core::Json;

// What the trial document asks of this program beyond its hyperparameters.
void check_document(const TrialOrder& order) {
  const protocol::TrialDocument& document = order.document;
  std::vector<core::Problem> problems;
  const auto add = [&](std::string problem, std::string remedy) {
    problems.push_back({order.place, std::move(problem), std::move(remedy), {}});
  };
  if (document.device != "cpu" && document.device != "cuda")
    add("device '" + document.device + "' is unknown", "expected cpu or cuda");
  if (document.numerics != "portable-1")
    add("numerics '" + document.numerics + "' is not supported", "this trainer computes portable-1");
  if (document.threads < 1) add("threads is " + std::to_string(document.threads), "expected 1 or more");
  if (document.trace != "step" && document.trace != "off")
    add("trace '" + document.trace + "' is unknown", "expected step or off");
  if (!document.data) add("names no data set", "add \"data\": a path, or builtin:images");
  if (!problems.empty()) throw core::UserError(std::move(problems));
}

// The metric that says what "best" is. Without one: val_accuracy where there is a validation part, else train_loss.
// Nothing is refused here for its sake but a name that is never reported: a trial's id does not hold the metric, so
// what becomes of it must not depend on the metric of the sweep that ran it first. A trial that validates nothing
// reports no val_ metric, and each sweep judges that by its own.
protocol::Metric metric_of(const TrialOrder& order, const Hyperparameters& hyperparameters) {
  const bool validates = hyperparameters.validation_fraction > 0;
  if (!order.document.metric)
    return validates ? protocol::Metric{kValAccuracy, protocol::Goal::kMaximize, protocol::Reduce::kBest}
                     : protocol::Metric{kTrainLoss, protocol::Goal::kMinimize, protocol::Reduce::kBest};
  const protocol::Metric& metric = *order.document.metric;
  const std::vector<std::string> names(ranking_metrics().begin(), ranking_metrics().end());
  if (std::find(names.begin(), names.end(), metric.name) == names.end()) {
    const bool of_test = std::find(test_metrics().begin(), test_metrics().end(), metric.name) != test_metrics().end();
    const auto nearest = core::nearest_word(metric.name, names);
    throw core::UserError(
        order.place,
        "metric '" + metric.name +
            (of_test ? "' is of the test set, which is never ranked on" : "' is not one that this trainer reports"),
        nearest && !of_test ? "did you mean '" + *nearest + "'?" : "there are: train_loss, val_loss, val_accuracy");
  }
  return metric;
}

Dataset load_checked(const protocol::DataSource& source) {
  const protocol::DataSet data = protocol::locate_data(source.path.empty() ? source.name : source.path, source.options);
  if (const std::string digest = protocol::data_digest(data); digest != source.sha256)
    throw core::UserError(
        source.path.empty() ? source.name : source.path,
        "the data is not that of the trial: its digest is " + digest + ", the trial's is " + source.sha256,
        "restore the files, or start a new sweep on these");
  return load_dataset(data);
}

// What the models of this trainer learn from.
void check_task(const Dataset& data, const protocol::DataSource& source) {
  const std::string place = source.path.empty() ? source.name : source.path;
  if (data.task == Task::kRegression)
    throw core::UserError(place, "has numbers to predict, and every loss of this trainer is for classes",
                          "remove task: regression from its options");
}

struct Device {
  const kernels::Backend* ops;
  std::unique_ptr<kernels::Context> context;
};

Device open_device(const TrialOrder& order) {
  if (order.document.device == "cpu")
    return {&kernels::cpu_backend(), kernels::make_cpu_context(order.document.threads, order.isa)};
  if (!kernels::cuda_backend())
    throw core::EnvironmentError("device", "this build has no CUDA back end", "use device cpu, or build with nvcc");
  return {kernels::cuda_backend(), kernels::make_cuda_context()};
}

Json environment(const TrialOrder& order, const Device& device, const Dataset& data, const PreparedData& prepared,
                 std::size_t weights) {
  const core::Build& build = core::build();
  Json json = {{"version", build.version},     {"commit", build.git_commit},
               {"compiler", build.compiler},   {"flags", build.flags},
               {"back_ends", build.back_ends}, {"device", kernels::describe_device(*device.context)},
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
  if (data.image) json["data"]["image"] = {data.height, data.width, data.channels};
  if (!order.document.data->options.empty()) json["data"]["options"] = order.document.data->options.to_json();
  if (!data.class_names.empty() && data.class_names.size() <= 100) json["data"]["class_names"] = data.class_names;
  if (order.document.device == "cpu") json["isa"] = kernels::name(kernels::cpu_isa(*device.context));
  return json;
}

// Who may go on from a checkpoint. Threads, device and metric are no part of it: they change no weight.
Json checkpoint_identity(const protocol::TrialDocument& document) {
  return {{"trainer", trainer_identity()},
          {"config", document.config},
          {"seed", document.seed},
          {"data", document.data->sha256},
          {"numerics", document.numerics}};
}

std::filesystem::path resume_file(const TrialOrder& order) {
  const std::filesystem::path file(order.resume);
  if (file.is_absolute() || std::filesystem::exists(file) || order.checkpoint_dir.empty()) return file;
  return std::filesystem::path(order.checkpoint_dir) / file;
}

}  // namespace

std::string trainer_identity() { return "sweep-trainer/1:" + kernels::selftest_digest(); }

int run_trial(const TrialOrder& order, EventSink& events) {
  check_document(order);
  const Hyperparameters hyperparameters = parse_hyperparameters(order.document.config);
  const protocol::Metric metric = metric_of(order, hyperparameters);
  Dataset data = load_checked(*order.document.data);
  check_task(data, *order.document.data);
  if (data.task == Task::kText) set_context(data, hyperparameters.context, "config.context");
  Device device = open_device(order);
  PreparedData prepared = prepare_data(data, {hyperparameters.validation_fraction, hyperparameters.split},
                                       order.document.seed, *device.ops, *device.context);
  data.train = {};  // the device has it
  data.test.reset();

  CheckpointFolder folder(order.checkpoint_dir);
  Training training({hyperparameters, order.document.seed, checkpoint_identity(order.document), metric,
                     order.document.trace == "step", prepared, *device.ops, *device.context, events,
                     order.checkpoint_dir.empty() ? nullptr : &folder, order.stop_requested, order.now_s, order.say});
  if (!order.resume.empty()) {
    const std::filesystem::path file = resume_file(order);
    training.restore(
        load_checkpoint(file, checkpoint_identity(order.document), max_checkpoint_bytes(training.weight_count())),
        file.string());
    folder.keep(kLastKind, file.filename().string());
  }
  events.emit(protocol::Started{protocol::kProtocolVersion, trainer_identity(), training.step(),
                                environment(order, device, data, prepared, training.weight_count())});
  return training.run() == Ending::kFinished ? protocol::kTrainerCompleted : protocol::kTrainerInterrupted;
}

}  // namespace trainer

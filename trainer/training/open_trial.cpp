// See open_trial.h.
#include "trainer/training/open_trial.h"

#include <algorithm>

#include "core/digest.h"
#include "core/error.h"
#include "core/files.h"
#include "core/suggest.h"
#include "kernels/fast/backend.h"

namespace trainer {
namespace {

using core::Json;

constexpr char kPortable[] = "portable-1";
constexpr std::uint64_t kMaxWeightFileBytes = std::uint64_t{16} << 30;

// The metric that says what "best" is. Without one: val_accuracy where there is a validation part, else train_loss.
// Nothing is refused here for its sake but a name that is never reported: a trial's id does not hold the metric, so
// what becomes of it must not depend on the metric of the sweep that ran it first. A trial that validates nothing
// reports no val_ metric, and each sweep judges that by its own.
protocol::Metric metric_of(const TrialOrder& order, const Hyperparameters& hyperparameters, Task task) {
  if (!order.document.metric) {
    if (hyperparameters.validation_fraction == 0)
      return {kTrainLoss, protocol::Goal::kMinimize, protocol::Reduce::kBest};
    if (task == Task::kRegression) return {kValLoss, protocol::Goal::kMinimize, protocol::Reduce::kBest};
    return {kValAccuracy, protocol::Goal::kMaximize, protocol::Reduce::kBest};
  }
  const protocol::Metric& metric = *order.document.metric;
  const std::vector<std::string> names = ranking_metrics(), at_end = test_metrics();
  if (std::find(names.begin(), names.end(), metric.name) != names.end()) return metric;
  const bool of_test = std::find(at_end.begin(), at_end.end(), metric.name) != at_end.end();
  const auto nearest = core::nearest_word(metric.name, names);
  std::string listed;
  for (const std::string& name : names) listed += (listed.empty() ? "there are: " : ", ") + name;
  throw core::UserError(
      order.place,
      "metric '" + metric.name +
          (of_test ? "' is of the test set, which is never ranked on" : "' is not one that this trainer reports"),
      nearest && !of_test ? "did you mean '" + *nearest + "'?" : listed);
}

void check_precision(const Hyperparameters& hyperparameters, const std::string& numerics) {
  if (numerics != kPortable || hyperparameters.precision == kernels::fast::Precision::kFp32) return;
  throw core::UserError(
      "config.precision",
      std::string(name(hyperparameters.precision)) + " is of numerics fast, and the trial is of portable",
      "write fp32, or numerics: fast");
}

// The weights that the trial begins with, from a file; how many tensors were taken. Errors: UserError where the file is
// not the one that the configuration names by its digest, or has no tensor of this network.
std::size_t adopt_weights(Training& training, const Hyperparameters& hyperparameters) {
  const std::string& file = hyperparameters.init_from;
  const std::string digest = core::sha256_file(file);
  if (hyperparameters.init_sha256.empty())
    throw core::UserError("config.init_sha256", "is missing, and a trial is known by the weights that it begins with",
                          "write the digest of " + file + ": " + digest);
  if (digest != hyperparameters.init_sha256)
    throw core::UserError(file, "its digest is " + digest + ", config.init_sha256 is " + hyperparameters.init_sha256,
                          "restore the file, or write its digest");
  const std::size_t taken = training.adopt(read_safetensors(core::read_file(file, kMaxWeightFileBytes), file).tensors);
  if (taken == 0) throw core::UserError(file, "has no tensor of the name and shape of one of this network's");
  return taken;
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

void settle_loss(Hyperparameters& hyperparameters, Task task) {
  const bool regression = task == Task::kRegression;
  if (hyperparameters.loss == LossKind::kOfTask)
    hyperparameters.loss = regression ? LossKind::kSquared : LossKind::kCrossEntropy;
  const bool for_classes = hyperparameters.loss == LossKind::kCrossEntropy;
  if (regression && for_classes)
    throw core::UserError("config.loss", "cross_entropy is for classes, and the data set has numbers to predict",
                          "write mse or mae");
  if (!regression && !for_classes)
    throw core::UserError("config.loss", "is for numbers, and the data set has classes", "write cross_entropy");
}

void check_document(const TrialOrder& order) {
  const protocol::TrialDocument& document = order.document;
  std::vector<core::Problem> problems;
  const auto add = [&](std::string problem, std::string remedy) {
    problems.push_back({order.place, std::move(problem), std::move(remedy), {}});
  };
  if (document.device != "cpu" && document.device != "cuda")
    add("device '" + document.device + "' is unknown", "expected cpu or cuda");
  const bool is_fast = document.numerics == kernels::fast::kNumerics;
  if (document.numerics != kPortable && !is_fast)
    add("numerics '" + document.numerics + "' is not supported",
        std::string("this trainer computes ") + kPortable + " and " + kernels::fast::kNumerics);
  if (is_fast && document.device == "cpu")
    add("numerics fast-1 is for a GPU", "write device cuda, or numerics portable-1");
  if (document.threads < 1) add("threads is " + std::to_string(document.threads), "expected 1 or more");
  if (!protocol::trace_interval(document.trace))
    add("trace '" + document.trace + "' is unknown", "expected step, off or a number of steps");
  if (!document.data) add("names no data set", "add \"data\": a path, or builtin:images");
  if (!problems.empty()) throw core::UserError(std::move(problems));
}

OpenTrial::OpenTrial(const TrialOrder& its_order, Workspace& workspace)
    : order(its_order),
      hyperparameters(parse_hyperparameters(order.document.config)),
      data(workspace.data(*order.document.data)),
      metric(metric_of(order, hyperparameters, data.task)),
      device(settled_device(workspace)),
      prepared(workspace.prepare({hyperparameters.validation_fraction, hyperparameters.split}, order.document.seed)) {}

// Once the hyperparameters fit the data.
Device& OpenTrial::settled_device(Workspace& workspace) {
  check_precision(hyperparameters, order.document.numerics);
  settle_loss(hyperparameters, data.task);
  if (data.task == Task::kText) set_context(data, hyperparameters.context, "config.context");
  if (order.phase_ended) order.phase_ended("data set");
  Device& opened = workspace.device(order.document, order.isa);
  if (order.document.numerics == kernels::fast::kNumerics)
    kernels::fast::begin_trial(*opened.context, hyperparameters.precision, order.algorithms);
  if (order.phase_ended) order.phase_ended("device");
  return opened;
}

Setting OpenTrial::setting(const Parts& parts, EventSink& events, CheckpointFolder* folder) const {
  return {parts.hyperparameters,
          parts.seed,
          checkpoint_identity(order.document),
          metric,
          *protocol::trace_interval(order.document.trace),
          parts.data,
          parts.ops,
          parts.context,
          events,
          folder,
          order.document.keep_best,
          order.document.best_name,
          order.document.write_best,
          order.stop_requested,
          order.now_s,
          order.say,
          order.records_steps,
          order.phase_ended};
}

std::size_t OpenTrial::adopt(Training& training) const {
  return hyperparameters.init_from.empty() ? 0 : adopt_weights(training, hyperparameters);
}

std::string OpenTrial::restore(Training& training) const {
  const std::filesystem::path file = resume_file(order);
  training.restore(
      load_checkpoint(file, checkpoint_identity(order.document), max_checkpoint_bytes(training.weight_count())),
      file.string());
  return file.filename().string();
}

}  // namespace trainer

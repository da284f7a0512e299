// See workspace.h.
#include "trainer/training/workspace.h"

#include <utility>

#include "core/error.h"
#include "kernels/fast/backend.h"
#include "protocol/data_set.h"

namespace trainer {
namespace {

Dataset load_checked(const protocol::DataSource& source) {
  const protocol::DataSet data = protocol::locate_data(source.path.empty() ? source.name : source.path, source.options);
  if (const std::string digest = protocol::data_digest(data); digest != source.sha256)
    throw core::UserError(
        source.path.empty() ? source.name : source.path,
        "the data is not that of the trial: its digest is " + digest + ", the trial's is " + source.sha256,
        "restore the files, or start a new sweep on these");
  return load_dataset(data);
}

Device open_device(const protocol::TrialDocument& document, kernels::CpuIsa isa) {
  Device device;
  if (document.device == "cpu") {
    device.ops = &kernels::cpu_backend();
    device.context = kernels::make_cpu_context(document.threads, isa);
  } else if (document.numerics == kernels::fast::kNumerics) {
    device.context = kernels::fast::make_context();
    device.ops = kernels::fast::backend();
  } else {
    device.ops = kernels::cuda_backend();
    if (!device.ops)
      throw core::EnvironmentError("device", "this build has no CUDA back end", "use device cpu, or build with nvcc");
    device.context = kernels::make_cuda_context();
  }
  device.description = kernels::describe_device(*device.context);
  return device;
}

bool is_drawn(const Holdout& holdout) {
  return holdout.fraction > 0 && (holdout.kind == SplitKind::kRandom || holdout.kind == SplitKind::kStratified);
}

}  // namespace

// The old one goes before the new one is read: there need not be memory for both.
Dataset& Workspace::data(const protocol::DataSource& source) {
  if (data_ && source == source_) return *data_;
  prepared_.reset();
  if (kernels::KeptMemory* const kept = kept_memory()) (void)kept->drop_all();
  data_.reset();
  data_ = load_checked(source);
  source_ = source;
  return *data_;
}

Device& Workspace::device(const protocol::TrialDocument& document, kernels::CpuIsa isa) {
  DeviceChoice choice{document.device, document.gpu, document.numerics, document.threads, isa};
  if (choice_ == choice) return device_;
  prepared_.reset();
  device_ = {};
  device_ = open_device(document, isa);
  choice_ = std::move(choice);
  if (kernels::KeptMemory* const kept = kept_memory()) kept->keep();
  return device_;
}

void Workspace::trial_ended() {
  if (kernels::KeptMemory* const kept = kept_memory()) kept->drop_unused();
}

kernels::KeptMemory* Workspace::kept_memory() {
  return trials_ == For::kManyTrials && device_.context ? device_.context->kept_memory() : nullptr;
}

PreparedData& Workspace::prepare(Holdout holdout, std::uint64_t seed) {
  core::check(data_ && choice_, "samples are prepared without a data set or a device");
  const Preparation preparation{holdout, is_drawn(holdout) ? seed : 0, data_->train.features};
  if (prepared_ && preparation_ == preparation) return *prepared_;
  PreparedData before = prepared_ ? std::move(*prepared_) : PreparedData();
  prepared_.reset();
  prepared_ = prepare_data(*data_, holdout, seed, *device_.ops, *device_.context, std::move(before));
  preparation_ = preparation;
  if (trials_ == For::kOneTrial) {
    data_->train = {};
    data_->test.reset();
  }
  return *prepared_;
}

}  // namespace trainer

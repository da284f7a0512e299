// What a trial works with and leaves as it found it: the data set, the device, the samples on it, and memory of the
// device for whatever else it makes. Of one trial, or kept from one to the next by a worker. Callers: trial.cpp,
// serve.cpp. It knows no network and no event.
//
// Determinism: what it gives does not depend on what it gave before; a kept thing is used again only for a request that
// would make the same one.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "kernels/backends.h"
#include "protocol/trial_document.h"
#include "trainer/data/dataset.h"
#include "trainer/training/prepared_data.h"

namespace trainer {

struct Device {
  const kernels::Backend* ops = nullptr;
  std::unique_ptr<kernels::Context> context;
  std::string description;
};

class Workspace {
 public:
  enum class For { kOneTrial, kManyTrials };

  explicit Workspace(For trials = For::kOneTrial) : trials_(trials) {}

  /// The data set, whose digest is that of the source. A kept one is not read again: it is known by its digest,
  /// whatever has become of the files. Errors: UserError.
  Dataset& data(const protocol::DataSource& source);

  /// Errors: EnvironmentError where this machine or build has none.
  Device& device(const protocol::TrialDocument& document, kernels::CpuIsa isa);

  /// The samples of data() on device(). Of one trial the host's copy goes away. Requires: both were asked for, and the
  /// windows of a text are cut. Errors: as prepare_data().
  PreparedData& prepare(Holdout holdout, std::uint64_t seed);

  /// Between two trials: of the device's memory what the last one had in use stays for the next.
  void trial_ended();
  /// That memory; null where nothing is kept.
  kernels::KeptMemory* kept_memory();

 private:
  // All that prepare_data() depends on, beside the data set and the device.
  struct Preparation {
    Holdout holdout;
    std::uint64_t seed;  ///< 0 where none is drawn with
    int features;        ///< of a text: its windows

    bool operator==(const Preparation&) const = default;
  };
  struct DeviceChoice {
    std::string device, gpu, numerics;
    int threads;
    kernels::CpuIsa isa;

    bool operator==(const DeviceChoice&) const = default;
  };

  const For trials_;
  protocol::DataSource source_;
  std::optional<Dataset> data_;
  std::optional<DeviceChoice> choice_;
  Device device_;
  std::optional<Preparation> preparation_;
  std::optional<PreparedData> prepared_;  ///< on the device: goes before it
};

}  // namespace trainer

// index → trial: configuration, seed and id. What will run is fixed by spec, seed, trainer, data and numerics, and any
// trial can be computed alone. In: a Spec and who computes. Out: TrialPlan. Pure, no state.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/json.h"
#include "sweep/space/space.h"
#include "sweep/spec/spec.h"

namespace sweep {

/// One trial of a sweep, fully resolved.
struct PlannedTrial {
  std::uint64_t index = 0;
  std::uint32_t replicate = 0;
  std::string id;     ///< protocol::trial_id
  core::Json config;  ///< resolved hyperparameters, constants included
  std::uint32_t seed = 0;
};

/// The parts of a trial's identity that are the same for the whole sweep.
struct SweepIdentity {
  std::string trainer;  ///< protocol::TrialIdentity::trainer
  core::Json data;      ///< digest, or null
  core::Json numerics = "portable-1";
};

class TrialPlan {
 public:
  TrialPlan(Spec spec, SweepIdentity identity);
  ~TrialPlan();
  TrialPlan(TrialPlan&&) noexcept;

  const Spec& spec() const;
  const SweepIdentity& identity() const;
  const Space& space() const;
  /// protocol::sweep_id over spec.determining(), the sampler's version and the identity.
  std::string sweep_id() const;
  /// How many trials the sweep has: run_cap, the size of the grid, 20 for random without run_cap, or the size of a
  /// finite space that run_cap exceeds.
  std::uint64_t count() const;
  /// Requires: index < count(). A draw that repeats an earlier one has the earlier one's id: the same trial.
  PlannedTrial trial(std::uint64_t index) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sweep

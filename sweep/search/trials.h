// index → trial: configuration, seed and id. What will run is fixed by spec, seed, trainer, data and numerics, and any
// trial can be computed alone. In: a Spec and who computes. Out: TrialPlan. Pure, no state.
//
// A draw is a configuration: a point of the grid, or one of random search. Each draw runs `repeats` times, side by
// side: trial i is draw i / repeats, replicate i % repeats. The replicates share their configuration and differ in the
// training seed, hence in their ids; run_cap counts draws.
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
  std::uint32_t replicate = 0;  ///< which run of its configuration
  std::string id;               ///< protocol::trial_id
  core::Json config;            ///< resolved hyperparameters, constants included
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
  /// Errors: UserError where a grid is to be shuffled and has more than 2^63 points.
  TrialPlan(Spec spec, SweepIdentity identity);
  ~TrialPlan();
  TrialPlan(TrialPlan&&) noexcept;

  const Spec& spec() const;
  const SweepIdentity& identity() const;
  const Space& space() const;
  /// protocol::sweep_id over spec.determining(), the sampler's version and the identity.
  std::string sweep_id() const;
  /// How many configurations: run_cap, the size of the grid, 20 for random without run_cap, or the size of a permutable
  /// space that run_cap exceeds.
  std::uint64_t draws() const;
  /// How many trials: draws() times `repeats`, at most 2^64 − 1.
  std::uint64_t count() const;
  /// Requires: index < count(). A draw that repeats an earlier one has the earlier one's ids: the same trials.
  PlannedTrial trial(std::uint64_t index) const;
  /// The number of the trial's point in the grid's written order: of a grid, and of random search over a space that it
  /// permutes; nothing where each parameter is drawn. Requires: index < count().
  std::optional<std::uint64_t> place(std::uint64_t index) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sweep

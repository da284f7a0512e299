// See trials.h.
#include "sweep/search/trials.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "core/error.h"
#include "protocol/identity.h"
#include "sweep/search/random.h"
#include "sweep/space/space.h"

namespace sweep {

struct TrialPlan::Parts {
  Spec spec;
  SweepIdentity identity;
  Space space;
  std::optional<RandomSampler> random;  // none for a grid

  Parts(Spec a_spec, SweepIdentity an_identity)
      : spec(std::move(a_spec)), identity(std::move(an_identity)), space(spec.parameters) {
    if (spec.method == Method::kRandom) random.emplace(space, spec.seed);
  }
};

TrialPlan::TrialPlan(Spec spec, SweepIdentity identity)
    : parts_(std::make_unique<Parts>(std::move(spec), std::move(identity))) {}
TrialPlan::~TrialPlan() = default;
TrialPlan::TrialPlan(TrialPlan&&) noexcept = default;

const Spec& TrialPlan::spec() const { return parts_->spec; }
const SweepIdentity& TrialPlan::identity() const { return parts_->identity; }
const Space& TrialPlan::space() const { return parts_->space; }

std::string TrialPlan::sweep_id() const {
  return protocol::sweep_id({{"spec", parts_->spec.determining()},
                             {"sampler", parts_->random ? core::Json(kSamplerVersion) : core::Json(nullptr)},
                             {"trainer", parts_->identity.trainer},
                             {"data", parts_->identity.data},
                             {"numerics", parts_->identity.numerics}});
}

std::uint64_t TrialPlan::count() const {
  constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();
  const auto available = parts_->random ? parts_->random->size() : parts_->space.size();
  const auto wanted = parts_->spec.run_cap.value_or(parts_->random ? kDefaultRandomTrials : kNoLimit);
  return std::min(wanted, available.value_or(kNoLimit));
}

PlannedTrial TrialPlan::trial(std::uint64_t index) const {
  core::check(index < count(), "a trial beyond the end of its sweep");
  std::vector<Value> point(parts_->space.dimensions().size());
  if (parts_->random) {
    parts_->random->point(index, point);
  } else {
    parts_->space.grid_point(index, point);
  }
  PlannedTrial trial;
  trial.index = index;
  trial.config = parts_->space.config(point);
  trial.seed = protocol::training_seed(parts_->spec.seed, trial.config, trial.replicate);
  trial.id = protocol::trial_id({parts_->identity.trainer, trial.config, trial.seed, parts_->identity.data,
                                 parts_->identity.numerics, trial.replicate});
  return trial;
}

}  // namespace sweep

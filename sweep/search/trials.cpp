// See trials.h.
#include "sweep/search/trials.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "core/error.h"
#include "protocol/identity.h"
#include "sweep/search/grid.h"
#include "sweep/search/random.h"
#include "sweep/space/space.h"

namespace sweep {

namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

bool has_seed(const Spec& spec) {
  return std::any_of(spec.parameters.begin(), spec.parameters.end(),
                     [](const Parameter& parameter) { return parameter.name == "seed"; });
}

}  // namespace

struct TrialPlan::Parts {
  Spec spec;
  SweepIdentity identity;
  Space space;
  std::variant<std::monostate, GridSampler, RandomSampler> sampler;

  Parts(Spec a_spec, SweepIdentity an_identity)
      : spec(std::move(a_spec)), identity(std::move(an_identity)), space(spec.parameters) {
    core::check(spec.repeats >= 1, "a sweep that repeats its configurations no times");
    core::check(spec.repeats == 1 || !has_seed(spec), "repeats beside a parameter that is the training seed");
    if (spec.method == Method::kRandom) {
      sampler.emplace<RandomSampler>(space, spec.seed);
    } else {
      sampler.emplace<GridSampler>(space, spec.order, spec.seed);
    }
  }

  bool is_random() const { return std::holds_alternative<RandomSampler>(sampler); }

  // How many draws there are; none where they never end.
  std::optional<std::uint64_t> size() const {
    if (const auto* draws = std::get_if<RandomSampler>(&sampler)) return draws->size();
    return space.size();
  }

  void point(std::uint64_t draw, std::span<Value> point) const {
    if (const auto* draws = std::get_if<RandomSampler>(&sampler)) return draws->point(draw, point);
    std::get<GridSampler>(sampler).point(draw, point);
  }

  // Null for the written order of a grid, which the language defines.
  core::Json version() const {
    if (is_random()) return kSamplerVersion;
    return spec.order == GridOrder::kShuffled ? core::Json(kShuffleVersion) : core::Json(nullptr);
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
                             {"sampler", parts_->version()},
                             {"trainer", parts_->identity.trainer},
                             {"data", parts_->identity.data},
                             {"numerics", parts_->identity.numerics}});
}

std::uint64_t TrialPlan::draws() const {
  const auto wanted = parts_->spec.run_cap.value_or(parts_->is_random() ? kDefaultRandomTrials : kNoLimit);
  return std::min(wanted, parts_->size().value_or(kNoLimit));
}

std::uint64_t TrialPlan::count() const {
  const std::uint64_t repeats = parts_->spec.repeats;
  return draws() > kNoLimit / repeats ? kNoLimit : draws() * repeats;
}

std::optional<std::uint64_t> TrialPlan::place(std::uint64_t index) const {
  core::check(index < count(), "a trial beyond the end of its sweep");
  const std::uint64_t draw = index / parts_->spec.repeats;
  if (const auto* draws = std::get_if<RandomSampler>(&parts_->sampler)) return draws->place(draw);
  return std::get<GridSampler>(parts_->sampler).place(draw);
}

PlannedTrial TrialPlan::trial(std::uint64_t index) const {
  core::check(index < count(), "a trial beyond the end of its sweep");
  PlannedTrial trial;
  trial.index = index;
  trial.replicate = static_cast<std::uint32_t>(index % parts_->spec.repeats);
  std::vector<Value> point(parts_->space.dimensions().size());
  parts_->point(index / parts_->spec.repeats, point);
  trial.config = parts_->space.config(point);
  trial.seed = protocol::training_seed(parts_->spec.seed, trial.config, trial.replicate);
  trial.id = protocol::trial_id({parts_->identity.trainer, trial.config, trial.seed, parts_->identity.data,
                                 parts_->identity.numerics, trial.replicate});
  return trial;
}

}  // namespace sweep

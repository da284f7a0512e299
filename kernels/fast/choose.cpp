// The choice of an engine, and its return from a record: see cudnn.h. Whatever answers as Cudnn will do: tests put
// another in its place.
#include <algorithm>
#include <utility>

#include "core/error.h"
#include "kernels/fast/cudnn.h"

namespace kernels::fast {
namespace {

constexpr char kEngine[] = "engine", kNotes[] = "notes";

core::Json engine_of(const ConvolutionPlan& plan) {
  const core::Json whole = plan.json();
  const auto found = whole.find(kEngine);
  return found == whole.end() ? core::Json() : *found;
}

core::Json decoded(const ConvolutionPlan& plan, const std::vector<std::string>& notes) {
  return {{kEngine, engine_of(plan)}, {kNotes, notes}};
}

bool uses_tensor_cores(const ChosenPlan& chosen) {
  const core::Json& notes = chosen.choice.decoded.at(kNotes);
  return std::find(notes.begin(), notes.end(), core::Json("TENSOR_CORE")) != notes.end();
}

std::optional<ChosenPlan> find_choice(Cudnn& cudnn, const Convolution& convolution) {
  for (const Heuristic heuristic : {Heuristic::kA, Heuristic::kFallback}) {
    for (const Candidate& candidate : cudnn.candidates(convolution, heuristic)) {
      if (!refusal(candidate, convolution.precision).empty()) continue;
      auto plan = cudnn.plan(convolution, candidate.engine);
      if (plan == nullptr || plan->workspace_bytes() > kMostConvolutionBytes) continue;
      Choice choice{convolution.text(), cudnn.version(), candidate.engine.tag(), plan->workspace_bytes(),
                    decoded(*plan, candidate.notes)};
      return ChosenPlan{std::move(choice), std::move(plan), heuristic};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<ChosenPlan> find_fused(Cudnn& cudnn, const Convolution& convolution) {
  auto fused = find_choice(cudnn, convolution);
  if (!fused) return std::nullopt;
  const auto alone = find_choice(cudnn, without_epilogue(convolution));
  const bool is_listed_lower = alone && alone->heuristic == Heuristic::kA && fused->heuristic == Heuristic::kFallback;
  const bool loses_tensor_cores = alone && uses_tensor_cores(*alone) && !uses_tensor_cores(*fused);
  return is_listed_lower || loses_tensor_cores ? std::nullopt : std::move(fused);
}

ChosenPlan choose(Cudnn& cudnn, const Convolution& convolution) {
  if (auto found = find_choice(cudnn, convolution)) return *std::move(found);
  throw core::EnvironmentError(cudnn.version(), "has no engine for " + convolution.text() + " that repeats its bits",
                               "use numerics portable, or another precision");
}

std::unique_ptr<ConvolutionPlan> rebuild(Cudnn& cudnn, const Convolution& convolution, const Choice& recorded) {
  if (recorded.library != cudnn.version()) throw NotRebuilt(recorded, cudnn.version());
  const auto engine = Engine::from_tag(recorded.algorithm);
  auto plan = engine ? cudnn.plan(convolution, *engine) : nullptr;
  if (plan == nullptr) throw NotRebuilt(recorded, cudnn.version() + " without that engine");
  if (plan->workspace_bytes() != recorded.workspace_bytes)
    throw NotRebuilt(recorded, "an engine that wants " + std::to_string(plan->workspace_bytes()) + " bytes, not " +
                                   std::to_string(recorded.workspace_bytes));
  const auto was = recorded.decoded.find(kEngine);
  if (const core::Json is = engine_of(*plan); was == recorded.decoded.end() || *was != is)
    throw NotRebuilt(recorded, core::canonical_json(is));
  return plan;
}

}  // namespace kernels::fast

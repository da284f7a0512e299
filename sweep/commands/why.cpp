// See why.h.
#include "sweep/commands/why.h"

#include <fmt/format.h>

#include <algorithm>

#include "sweep/rank/rank.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

using core::Json;
using How = ParameterOrigin::How;

std::string parameter_text(const ParameterOrigin& origin) {
  if (origin.how == How::kDigit) return fmt::format("value number {} of {}, from 0", origin.digit, origin.count);
  return fmt::format("at the quantile {} of {}", core::format_double(origin.quantile), origin.distribution);
}

std::string_view how_word(How how) {
  return how == How::kOnly ? "only value" : how == How::kDigit ? "digit" : "quantile";
}

// Of the last attempt, where there was one.
std::string after_attempts(const TrialState& trial) {
  if (trial.attempts.empty()) return {};
  const AttemptState& last = trial.attempts.back();
  std::string text = "its last attempt ended ";
  text += last.outcome ? std::string(protocol::name(*last.outcome)) : "with the controller";
  text += trial.checkpoint ? fmt::format(", and it goes on from step {}; ", trial.checkpoint->step)
                           : ", and it begins anew; ";
  return text;
}

std::string why_it_waits(const WhyFacts& facts) {
  const Study& study = facts.study;
  const TrialState& trial = facts.trial;
  if (study.is_surplus(trial.index))
    return fmt::format("never runs: {}, and no later trial counts", why_it_ended_early(study));
  if (trial.repeats_index) return fmt::format("waits for #{}, which is the same trial", *trial.repeats_index);
  const std::string after = after_attempts(trial);
  if (facts.state != SweepState::kRunning)
    return fmt::format("{}waits: the sweep does not run now ({}), `{}` goes on", after, name(facts.state),
                       facts.resume);
  for (const Elsewhere& other : facts.elsewhere)
    if (other.runs_now)
      return fmt::format("{}waits: sweep {} runs the same trial now (#{})", after, other.sweep, other.index);
  const auto& waiting = study.waiting();
  const auto before = static_cast<std::uint64_t>(std::distance(waiting.begin(), waiting.lower_bound(trial.index)));
  const std::string slot =
      fmt::format("waits for a free slot: {} run, {} wait before it", study.running().size(), before);
  if (study.find(trial.index) == nullptr)
    return fmt::format("not planned yet ({} of {} are): trials are planned in their order as slots come free",
                       study.trials().size(), facts.trials);
  return after + slot;
}

std::string why_it_runs(const WhyFacts& facts) {
  const AttemptState& last = facts.trial.attempts.back();
  const std::string reason = last.reason.empty() ? "" : ": " + printable(last.reason, 200);
  if (facts.state == SweepState::kRunning)
    return fmt::format("runs now, attempt {} in slot {}{}", last.attempt, printable(last.slot, 60), reason);
  return fmt::format("ran when its controller died; `{}` goes on {}", facts.resume,
                     facts.trial.checkpoint ? fmt::format("from step {}", facts.trial.checkpoint->step)
                                            : "with it from the beginning");
}

std::string why_it_ended(const TrialState& trial) {
  const protocol::OutcomeInfo& outcome = protocol::info(*trial.outcome);
  std::string text = fmt::format("{}: {}", outcome.name, outcome.meaning);
  if (!trial.finding->empty()) text = fmt::format("{}: two attempts gave different results", outcome.name);
  if (!trial.detail.empty()) text += "; " + printable(trial.detail, 400);
  if (!outcome.determined) text += "; the machine's doing, so another run may end otherwise";
  return text;
}

// By what two rows are put in order.
std::string rule_text(const Study& study) {
  const protocol::Metric& metric = *study.metric();
  return fmt::format("{}{} {}d by its {} value, ties by index", study.terms().repeats > 1 ? "the mean of " : "",
                     printable(metric.name, 60), protocol::name(metric.goal), protocol::name(metric.reduce));
}

std::string neighbour_text(const Row& row, const char* side) {
  return fmt::format("{} #{} ({})", side, row.trial->index, core::format_double(*row.value()));
}

std::string ranked_text(const Study& study, const std::vector<Row>& rows, std::size_t at) {
  const Row& row = rows[at];
  const auto ranked = std::count_if(rows.begin(), rows.end(), [](const Row& r) { return r.rank.has_value(); });
  std::string text =
      fmt::format("rank {} of {} with {}: {}", *row.rank, ranked, core::format_double(*row.value()), rule_text(study));
  const bool has_next = at + 1 < rows.size() && rows[at + 1].rank;
  if (at > 0) text += "; " + neighbour_text(rows[at - 1], "behind");
  if (has_next) text += (at > 0 ? ", " : "; ") + neighbour_text(rows[at + 1], "before");
  const bool tie =
      (at > 0 && *rows[at - 1].value() == *row.value()) || (has_next && *rows[at + 1].value() == *row.value());
  return tie ? text + "; equal values stand in the order of their indices" : text;
}

std::string unranked_text(const Study& study, const Row& row, const TrialState& trial) {
  if (row.standing == Standing::kSurplus)
    return fmt::format("no rank: {}, and it lies beyond", why_it_ended_early(study));
  if (row.standing == Standing::kRepeat)
    return fmt::format("no rank of its own: it draws the trial of #{} again, which has the row", *trial.repeats_index);
  if (row.standing == Standing::kUnfinished)
    return row.replicates.empty() ? "no rank yet: it has not ended"
                                  : "no rank yet: of its configuration not all replicates have ended";
  const auto blamed =
      std::find_if(row.replicates.begin(), row.replicates.end(), [](const TrialState* one) { return !may_rank(*one); });
  std::string who = "it";
  if (blamed != row.replicates.end() && (*blamed)->index != trial.index)
    who = fmt::format("replicate #{}", (*blamed)->index);
  const std::string because = fmt::format("{} ended {}", who, row.outcome());
  if (row.standing == Standing::kMachine)
    return fmt::format("no rank: {}, which is the machine's doing and no result", because);
  if (!row.replicates.empty())
    return fmt::format("no rank: {}, and a configuration is ranked whole or not at all", because);
  return fmt::format(
      "no rank: {}, {}", because,
      trial.value && protocol::info(*trial.outcome).ranked ? "and its value is not finite" : "which is never ranked");
}

}  // namespace

PointWhy why_this_point(const TrialPlan& plan, std::uint64_t index) {
  const Spec& spec = plan.spec();
  const TrialOrigin origin = origin_of(plan, index);
  PointWhy why;
  if (spec.method == Method::kGrid)
    why.text = fmt::format("grid{}: point {} of {}",
                           spec.order == GridOrder::kShuffled ? fmt::format(", shuffled under seed {}", spec.seed) : "",
                           *origin.place, plan.space().size_text());
  else if (origin.place)
    why.text = fmt::format("random search under seed {}, a permutation of {} points: draw {} is point {}", spec.seed,
                           plan.space().size_text(), origin.draw, *origin.place);
  else
    why.text = fmt::format("random search under seed {}: draw {} of {}", spec.seed, origin.draw, plan.draws());
  if (spec.repeats > 1)
    why.text += fmt::format("; replicate {} of {}: the same configuration under another training seed",
                            origin.replicate, spec.repeats);
  for (const ParameterOrigin& parameter : origin.origin)
    if (parameter.how != How::kOnly) why.parameters.emplace_back(parameter.name, parameter_text(parameter));
  return why;
}

Json point_json(const TrialPlan& plan, std::uint64_t index) {
  const TrialOrigin origin = origin_of(plan, index);
  Json json = {{"text", why_this_point(plan, index).text},
               {"method", name(plan.spec().method)},
               {"sweep_seed", plan.spec().seed},
               {"draw", origin.draw},
               {"replicate", origin.replicate},
               {"place", origin.place ? Json(*origin.place) : Json()},
               {"points", plan.space().size_text()},
               {"parameters", Json::object()}};
  for (const ParameterOrigin& parameter : origin.origin) {
    Json& one = json["parameters"][parameter.name];
    one = {{"distribution", parameter.distribution}, {"how", how_word(parameter.how)}};
    if (parameter.how == How::kDigit) one.update({{"digit", parameter.digit}, {"count", parameter.count}});
    if (parameter.how == How::kQuantile) one["quantile"] = parameter.quantile;
  }
  return json;
}

std::string why_this_seed(const TrialPlan& plan, std::uint64_t index) {
  const PlannedTrial trial = plan.trial(index);
  if (trial.config.contains("seed")) return fmt::format("{}: the parameter `seed` says it", trial.seed);
  return fmt::format("{}: from the sweep's seed {}{}", trial.seed, plan.spec().seed,
                     plan.spec().repeats > 1 ? ", the configuration and the replicate" : " and the configuration");
}

std::string why_it_ended_early(const Study& study) {
  const bool failures = study.bound_cause() == BoundCause::kFailures;
  const std::string what = failures ? fmt::format("max_failures {}", *study.terms().max_failures) : "the target";
  return fmt::format("{} was reached at trial #{}", what, *study.bound());
}

std::string why_this_state(const WhyFacts& facts) {
  const TrialState& trial = facts.trial;
  if (trial.phase == Phase::kWaiting) return why_it_waits(facts);
  if (trial.phase == Phase::kRunning) return why_it_runs(facts);
  return why_it_ended(trial);
}

std::string why_this_rank(const Study& study, const TrialState& trial) {
  if (!study.metric()) return "no rank: the sweep names no metric, so nothing ranks";
  const std::vector<Row> rows = rank(study);
  const std::uint64_t first = trial.index - trial.index % study.terms().repeats;
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.trial->index == first; });
  if (row == rows.end()) return "no rank yet: it is not planned";
  if (row->rank) return ranked_text(study, rows, static_cast<std::size_t>(row - rows.begin()));
  return unranked_text(study, *row, trial);
}

std::string why_reused(const WhyFacts& facts) {
  std::vector<std::string> parts;
  const TrialState& trial = facts.trial;
  if (!trial.reused_from->empty())
    parts.push_back(
        fmt::format("known from sweep {} (#{}), where it ran: not run here", *trial.reused_from, trial.reused_index));
  for (const Elsewhere& other : facts.elsewhere) {
    if (other.sweep == *trial.reused_from) continue;
    parts.push_back(fmt::format("sweep {} (#{}) {}", other.sweep, other.index,
                                other.reused_ours ? "took the result from here" : "has this trial as well"));
  }
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

}  // namespace sweep

// The table of outcomes; see outcome.h.
#include "protocol/outcome.h"

#include "core/error.h"

namespace protocol {
namespace {

constexpr OutcomeInfo kOutcomes[] = {
    {Outcome::kCompleted, "completed", true, true, false, "ran to its end"},
    {Outcome::kNoMetric, "no_metric", true, false, false, "ended without ever giving the metric"},
    {Outcome::kDiverged, "diverged", true, false, false, "the loss or the metric is no longer finite"},
    {Outcome::kPruned, "pruned", true, true, false, "stopped by early termination"},
    {Outcome::kFailed, "failed", true, false, false, "ended with an error"},
    {Outcome::kOutOfMemory, "out_of_memory", false, false, false, "memory exhausted"},
    {Outcome::kTimedOut, "timed_out", false, false, false, "ran longer than timeout_s"},
    {Outcome::kStalled, "stalled", false, false, false, "gave no event for stall_timeout_s"},
    {Outcome::kKilled, "killed", false, false, false, "killed by a signal from outside"},
    {Outcome::kCancelled, "cancelled", false, false, true, "stopped by the user"},
    {Outcome::kLost, "lost", false, false, true, "the controller died while it ran"},
};

}  // namespace

std::span<const OutcomeInfo> outcomes() { return kOutcomes; }

const OutcomeInfo& info(Outcome outcome) {
  const auto& row = kOutcomes[static_cast<std::size_t>(outcome)];
  core::check(row.outcome == outcome, "the table of outcomes is out of order");
  return row;
}

std::string_view name(Outcome outcome) { return info(outcome).name; }

std::optional<Outcome> outcome_named(std::string_view name) {
  for (const OutcomeInfo& row : kOutcomes)
    if (row.name == name) return row.outcome;
  return std::nullopt;
}

}  // namespace protocol

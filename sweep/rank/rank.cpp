// The rules of the leaderboard; see rank.h.
#include "sweep/rank/rank.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace sweep {
namespace {

bool has_rank(const TrialState& trial) {
  return protocol::info(*trial.outcome).ranked && trial.value && std::isfinite(*trial.value);
}

Standing standing(const TrialState& trial) {
  if (trial.repeats_index) return Standing::kRepeat;
  if (trial.phase != Phase::kEnded || !trial.outcome) return Standing::kUnfinished;
  if (!protocol::info(*trial.outcome).determined) return Standing::kMachine;
  return has_rank(trial) ? Standing::kRanked : Standing::kDetermined;
}

// Repeats stand among the determined ones: which index draws a trial again follows from the file alone.
int group(Standing standing) {
  switch (standing) {
    case Standing::kRanked:
      return 0;
    case Standing::kDetermined:
    case Standing::kRepeat:
      return 1;
    case Standing::kMachine:
      return 2;
    case Standing::kUnfinished:
      return 3;
  }
  return 3;
}

}  // namespace

std::string_view Row::outcome() const {
  if (standing == Standing::kRepeat) return "repeat";
  if (standing == Standing::kUnfinished) return trial->phase == Phase::kRunning ? "running" : "waiting";
  return protocol::name(*trial->outcome);
}

std::optional<double> Row::value() const {
  if (standing == Standing::kRanked || standing == Standing::kDetermined) return trial->value;
  return std::nullopt;
}

std::vector<Row> rank(const Study& study) {
  std::vector<Row> rows;
  rows.reserve(study.trials().size());
  for (const TrialState& trial : study.trials()) rows.push_back({standing(trial), std::nullopt, &trial});

  const protocol::Goal goal = study.metric() ? study.metric()->goal : protocol::Goal::kMinimize;
  std::sort(rows.begin(), rows.end(), [goal](const Row& a, const Row& b) {
    if (group(a.standing) != group(b.standing)) return group(a.standing) < group(b.standing);
    if (a.standing == Standing::kRanked) {
      if (protocol::better(goal, *a.trial->value, *b.trial->value)) return true;
      if (protocol::better(goal, *b.trial->value, *a.trial->value)) return false;
    }
    return a.trial->index < b.trial->index;
  });
  std::uint64_t next = 0;
  for (Row& row : rows)
    if (row.standing == Standing::kRanked) row.rank = ++next;
  return rows;
}

std::map<std::string, std::uint64_t> count_outcomes(const std::vector<Row>& rows) {
  std::map<std::string, std::uint64_t> counts;
  for (const Row& row : rows) ++counts[std::string(row.outcome())];
  return counts;
}

}  // namespace sweep

// The rules of the leaderboard; see rank.h.
#include "sweep/rank/rank.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sweep {
namespace {

Standing standing(const TrialState& trial) {
  if (trial.repeats_index) return Standing::kRepeat;
  if (trial.phase != Phase::kEnded || !trial.outcome) return Standing::kUnfinished;
  if (!protocol::info(*trial.outcome).determined) return Standing::kMachine;
  return may_rank(trial) ? Standing::kRanked : Standing::kDetermined;
}

// Of a configuration: of its trials the one that has least. `complete`: all of them are planned.
Standing standing(const Row& row, bool complete) {
  if (row.replicates.empty() || standing(*row.trial) == Standing::kRepeat) return standing(*row.trial);
  if (!complete) return Standing::kUnfinished;
  Standing worst = std::isfinite(row.spread.mean) ? Standing::kRanked : Standing::kDetermined;
  for (const TrialState* trial : row.replicates) worst = std::max(worst, standing(*trial));
  return worst;
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
    case Standing::kSurplus:
      return 4;
  }
  return 4;
}

// The same number of all trials that have one; nothing where they differ.
std::optional<std::uint64_t> common(const std::vector<const TrialState*>& trials,
                                    std::optional<std::uint64_t> TrialState::*number) {
  if (trials.empty()) return std::nullopt;
  const auto first = trials.front()->*number;
  const bool same = std::all_of(trials.begin(), trials.end(), [&](const TrialState* t) { return t->*number == first; });
  return same ? first : std::nullopt;
}

Row make_row(const Study& study, std::uint64_t first) {
  const Trials& trials = study.trials();
  const std::uint64_t repeats = study.terms().repeats, end = std::min<std::uint64_t>(first + repeats, trials.size());
  Row row;
  row.trial = &trials[first];
  for (std::uint64_t i = first; repeats > 1 && i < end; ++i) row.replicates.push_back(&trials[i]);
  row.spread = spread(row.replicates);
  row.standing = study.is_surplus(first) ? Standing::kSurplus : standing(row, end == first + repeats);
  return row;
}

// By what a row is put in order; the row itself is made at its place. (To make rows by index and then to move them
// takes longer than to sort these.)
struct Place {
  Standing standing = Standing::kUnfinished;
  int group = 0;
  double value = 0;  // finite; the lower the better
  std::uint64_t first = 0;
  bool operator<(const Place& other) const {
    if (group != other.group) return group < other.group;
    if (value != other.value) return value < other.value;
    return first < other.first;
  }
};

Place place_of(const Row& row, std::uint64_t first, bool maximize) {
  const double value = row.standing == Standing::kRanked ? *row.value() : 0;
  return {row.standing, group(row.standing), maximize ? -value : value, first};
}

// Without repeats a trial is not looked at again: it lies far from the last one.
Row row_at(const Study& study, const Place& place) {
  if (study.terms().repeats > 1) return make_row(study, place.first);
  Row row;
  row.standing = place.standing;
  row.trial = &study.trials()[place.first];
  return row;
}

}  // namespace

std::string_view outcome_word(const TrialState& trial) {
  if (trial.repeats_index) return "repeat";
  if (trial.phase != Phase::kEnded || !trial.outcome) return trial.phase == Phase::kRunning ? "running" : "waiting";
  return protocol::name(*trial.outcome);
}

std::string_view Row::outcome() const {
  if (standing == Standing::kSurplus) return "surplus";
  if (replicates.empty() || trial->repeats_index) return outcome_word(*trial);
  if (standing == Standing::kUnfinished) {
    const bool runs = std::any_of(replicates.begin(), replicates.end(),
                                  [](const TrialState* t) { return t->phase == Phase::kRunning; });
    return runs ? "running" : "waiting";
  }
  // The first that is to blame; a trial that the machine ended is, before one that diverged.
  const auto blamed = [&](const TrialState* t) {
    return standing == Standing::kMachine ? sweep::standing(*t) == Standing::kMachine : !may_rank(*t);
  };
  const auto found = std::find_if(replicates.begin(), replicates.end(), blamed);
  return outcome_word(found == replicates.end() ? *trial : **found);
}

std::optional<double> Row::value() const {
  if (standing != Standing::kRanked && standing != Standing::kDetermined) return std::nullopt;
  if (replicates.empty()) return trial->value;
  return spread.n > 0 ? std::optional(spread.mean) : std::nullopt;
}

std::optional<std::uint64_t> Row::epoch() const { return common(counted(), &TrialState::epoch); }
std::optional<std::uint64_t> Row::step() const { return common(counted(), &TrialState::step); }

std::span<const TrialState* const> Row::trials() const {
  return replicates.empty() ? std::span(&trial, 1) : std::span(replicates);
}

std::vector<const TrialState*> Row::counted() const {
  if (!value()) return {};
  std::vector<const TrialState*> all(trials().begin(), trials().end());
  if (!replicates.empty()) std::erase_if(all, [](const TrialState* t) { return !may_rank(*t); });
  return all;
}

std::vector<Row> rank(const Study& study) {
  const std::size_t count = study.trials().size() / study.terms().repeats + 1;
  const bool maximize = study.metric() && study.metric()->goal == protocol::Goal::kMaximize;
  std::vector<Place> places;
  places.reserve(count);
  for (std::uint64_t first = 0; first < study.trials().size(); first += study.terms().repeats)
    places.push_back(place_of(make_row(study, first), first, maximize));
  std::sort(places.begin(), places.end());

  std::vector<Row> rows;
  rows.reserve(count);
  std::uint64_t next = 0;
  for (const Place& place : places) {
    rows.push_back(row_at(study, place));
    if (place.standing == Standing::kRanked) rows.back().rank = ++next;
  }
  return rows;
}

std::map<std::string, std::uint64_t> count_outcomes(const std::vector<Row>& rows) {
  std::map<std::string_view, std::uint64_t> counts;
  auto last = counts.end();  // most often the next is of the same outcome
  const auto count = [&](const TrialState& trial) {
    const std::string_view word = outcome_word(trial);
    if (last == counts.end() || last->first != word) last = counts.try_emplace(word).first;
    ++last->second;
  };
  for (const Row& row : rows) {
    if (row.standing == Standing::kSurplus) continue;
    if (row.replicates.empty()) count(*row.trial);
    for (const TrialState* trial : row.replicates) count(*trial);
  }
  return {counts.begin(), counts.end()};
}

}  // namespace sweep

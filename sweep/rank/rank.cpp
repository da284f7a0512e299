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

// By what a row is put in order: apart from it there is little to move. All rows are by index at first.
struct Place {
  int group = 0;
  double value = 0;  // finite; the lower the better
  std::size_t at = 0;
  bool operator<(const Place& other) const {
    if (group != other.group) return group < other.group;
    if (value != other.value) return value < other.value;
    return at < other.at;
  }
};

// Rows[i] becomes what was at places[i], cycle by cycle: a second vector of rows would be as large as the first.
void move_to(std::vector<Place>& places, std::vector<Row>& rows) {
  for (std::size_t begin = 0; begin < rows.size(); ++begin) {
    if (places[begin].at == begin) continue;
    Row first = std::move(rows[begin]);
    std::size_t to = begin;
    for (std::size_t from = places[to].at; from != begin; from = places[to].at) {
      rows[to] = std::move(rows[from]);
      places[to].at = to;
      to = from;
    }
    rows[to] = std::move(first);
    places[to].at = to;
  }
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
  std::vector<Row> rows;
  rows.reserve(study.trials().size() / study.terms().repeats + 1);
  for (std::uint64_t first = 0; first < study.trials().size(); first += study.terms().repeats)
    rows.push_back(make_row(study, first));

  const bool maximize = study.metric() && study.metric()->goal == protocol::Goal::kMaximize;
  std::vector<Place> places;
  places.reserve(rows.size());
  for (std::size_t at = 0; at < rows.size(); ++at) {
    const double value = rows[at].standing == Standing::kRanked ? *rows[at].value() : 0;
    places.push_back({group(rows[at].standing), maximize ? -value : value, at});
  }
  std::sort(places.begin(), places.end());
  move_to(places, rows);
  std::uint64_t next = 0;
  for (Row& row : rows)
    if (row.standing == Standing::kRanked) row.rank = ++next;
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

// A sweep at a glance: who it is and how far it is, from its study as the table `trials` has it (Load::kToRank), so a
// hundred thousand trials take a moment. Called by `sweep list`, `stop` and `show`. It has no rule of its own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/trial_document.h"
#include "sweep/store/store.h"

namespace sweep {

struct SweepOverview {
  std::string id, name, file, method;
  std::uint64_t seed = 0;
  std::optional<protocol::Metric> metric;
  std::optional<double> target;
  std::optional<std::uint64_t> max_failures;
  std::uint32_t repeats = 1;
  std::uint64_t trials = 0;  ///< how many it has, planned or not
  std::int64_t created_ms = 0;
  std::int64_t active_ms = 0;  ///< when its newest event was recorded; created_ms where there is none

  std::uint64_t planned = 0;                      ///< how many have a row
  std::uint64_t wanted = 0;                       ///< Study::wanted
  std::uint64_t ended = 0;                        ///< Study::ended
  std::vector<std::uint64_t> running;             ///< as recorded: after a crash nobody runs these; by index
  std::map<std::string, std::uint64_t> outcomes;  ///< of those that ended and count; a repeated draw is "repeat"
  std::uint64_t surplus = 0;                      ///< ran beyond the bound
  std::optional<std::uint64_t> bound;             ///< Study::bound
  bool guarded = false;                           ///< Study::guard has spoken: nothing new starts

  struct Best {
    std::string trial;
    std::uint64_t index = 0;
    double value = 0;  ///< with repeats the mean
  };
  std::optional<Best> best;

  bool finished() const { return ended == wanted; }
};

/// Of a sweep whose study is loaded, however; active_ms is not known.
SweepOverview overview_of(const Study& study, const SweepRecord& sweep);

/// Requires: the sweep is of this store.
SweepOverview read_overview(const Store& store, const SweepRecord& sweep);

/// Of every sweep, oldest first.
std::vector<SweepOverview> read_overviews(const Store& store);

}  // namespace sweep

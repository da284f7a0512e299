// All sweeps of a store at a glance, by sums over the table `trials`: no event is read and nothing is folded, so a
// hundred thousand trials take a moment. Called by `sweep list`, and by `sweep stop` while it waits. It gives what
// study.h gives of the same sweep; tests compare the two.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/trial_document.h"

namespace sweep {

class Database;

struct SweepOverview {
  std::string id, name, file, method;
  std::uint64_t seed = 0;
  std::optional<protocol::Metric> metric;
  std::optional<double> target;
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

  struct Best {
    std::string trial;
    std::uint64_t index = 0;
    double value = 0;  ///< with repeats the mean
  };
  std::optional<Best> best;

  bool finished() const { return ended == wanted; }
};

/// Oldest first; of one sweep where `id` is not empty. `version`: of the schema.
std::vector<SweepOverview> read_overviews(Database& database, std::int64_t version, const std::string& id);

}  // namespace sweep

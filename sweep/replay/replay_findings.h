// What replays of a sweep's trials have said so far, from the store's table of replays: which are current, and where
// one differed. Shown by `sweep report`, `show` and `run` at its end; an audit looks up here what was done. Starts
// nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/store/store.h"

namespace sweep {

/// The replays of the trials of a sweep, oldest first, without those of a record that is no more: of a trial that has
/// run again since. Their details hold `sweep` and `index`.
std::vector<ReplayRecord> current_replays(const Store& store, const std::string& sweep);

/// What a replay's detail says of the first difference, "step 12: metric …: recorded …, replayed …"; empty for none.
std::string first_difference(const core::Json& detail);

/// Where a replay ran, by its detail: "cpu", or the GPU's UUID.
std::string place_of(const core::Json& detail);

/// A trial of which a replay was not the same.
struct ReplayFinding {
  std::uint64_t index = 0;  ///< in this sweep
  std::string trial;
  std::uint64_t replays = 0, differing = 0;  ///< how many there were
  std::uint64_t identical_since = 0;  ///< of those behind the last that differed; no finding is taken back by them
  std::string first;                  ///< the first difference, in words
  std::string where;                  ///< "cpu", or the GPU's UUID

  /// "trial … (#3) replayed as different on cpu: step 12: …; later replays: 2 identical"
  std::string text() const;
  core::Json to_json() const;
};

/// By index.
std::vector<ReplayFinding> find_differing_replays(const Store& store, const std::string& sweep);

/// A report as JSON, with what was found under `differing_replays` of its sweep, where there is anything.
core::Json with_findings(core::Json report, const std::vector<ReplayFinding>& found);

}  // namespace sweep

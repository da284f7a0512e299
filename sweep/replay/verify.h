// Whether a store still says what file and seed determine: every configuration is sampled again, and every event folded
// again. Called by `sweep verify`. Runs no trial and needs neither data nor trainer; what a trial computed is not known
// here, and replay/replay.h tells whether it would be computed again. Reads only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/store/store.h"

namespace sweep {

/// One place where the store says something else.
struct Changed {
  std::string place;             ///< "sweep", "trial #12", "row of trial #12"
  std::string what;              ///< "seed", "config", "outcome", …
  std::string stored, expected;  ///< expected: as sampled or folded again

  /// "trial #12: seed: stored 5, expected 6"
  std::string text() const;
};

struct Verified {
  std::uint64_t trials = 0;  ///< sampled again
  std::uint64_t events = 0;  ///< folded again
  std::uint64_t rows = 0;    ///< compared with the fold
  std::vector<Changed> changed;
  bool cut = false;  ///< an event could not be read or stands where it cannot: what follows was not looked at

  bool good() const { return changed.empty(); }
  core::Json to_json() const;
};

/// Checks of the sweep's own row id, method, seed, metric, target, repeats and number of trials; of each planned trial
/// id, replicate, seed, configuration and which earlier trial it repeats; of each start that the trial was due and goes
/// on from the checkpoint that the store held then; of each end that the outcome is the one that its metric says; of
/// each reused result that it is the one of the trial that ran; of each row of the table of trials everything.
Verified verify_sweep(const Store& store, const SweepRecord& sweep);

}  // namespace sweep

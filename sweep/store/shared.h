// Trials that ran in more than one sweep of a store: with `--fresh`, and of programs whose results are not reused. Who
// compares their results is replay/agreement.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sweep {

class Database;

/// One trial that ended with a result of its own in both sweeps.
struct SharedTrial {
  std::string trial;
  std::uint64_t index = 0;  ///< in the sweep that was asked for
  std::string other_sweep;
  std::uint64_t other_index = 0;
};

/// By index and then by the other sweep's age. Of one index where it is given. Only trials that ran here and there to
/// an end that file, seed and trainer determine, and did not fail (a cause may have been mended).
std::vector<SharedTrial> read_shared_trials(Database& database, std::int64_t sweep_number,
                                            std::optional<std::uint64_t> index);

}  // namespace sweep

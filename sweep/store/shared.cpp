// See shared.h.
#include "sweep/store/shared.h"

#include "protocol/outcome.h"
#include "sweep/store/sqlite.h"

namespace sweep {

std::vector<SharedTrial> read_shared_trials(Database& database, std::int64_t sweep_number,
                                            std::optional<std::uint64_t> index) {
  std::string outcomes;
  for (const protocol::OutcomeInfo& outcome : protocol::outcomes())
    if (outcome.determined && outcome.outcome != protocol::Outcome::kFailed)
      outcomes += (outcomes.empty() ? "'" : ",'") + std::string(outcome.name) + "'";
  const auto ran = [&](const std::string& row) {
    return row + ".phase = 'ended' AND " + row + ".attempts > 0 AND " + row + ".reused_from = '' AND " + row +
           ".outcome IN (" + outcomes + ")";
  };
  // CROSS: SQLite keeps the order. One trial is found by its key; a condition that may be none would read all rows.
  const std::string sql = std::string(
                              "SELECT here.trial, here.trial_index, sweeps.id, there.trial_index FROM trials AS here "
                              "CROSS JOIN trials AS there ON there.trial = here.trial AND there.sweep != here.sweep "
                              "JOIN sweeps ON sweeps.number = there.sweep "
                              "WHERE here.sweep = ?1") +
                          (index ? " AND here.trial_index = ?2 AND " : " AND ") + ran("here") + " AND " + ran("there") +
                          " ORDER BY here.trial_index, there.sweep, there.trial_index";
  Statement find(database, sql.c_str());
  std::vector<SharedTrial> shared;
  find.start().bind(sweep_number);
  if (index) find.bind(index);
  while (find.step()) shared.push_back({find.text(0), find.whole(1), find.text(2), find.whole(3)});
  return shared;
}

}  // namespace sweep

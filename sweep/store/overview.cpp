// See overview.h.
#include "sweep/store/overview.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "protocol/outcome.h"
#include "sweep/store/sqlite.h"

namespace sweep {
namespace {

constexpr std::uint64_t kNoBound = INT64_MAX;

// "('completed','pruned')": outcomes that may have a rank.
std::string ranked_outcomes() {
  std::string list;
  for (const protocol::OutcomeInfo& outcome : protocol::outcomes())
    if (outcome.ranked) list += (list.empty() ? "('" : ",'") + std::string(outcome.name) + "'";
  return list + ")";
}

// What may be ranked of one sweep; values are finite wherever the table has one.
std::string rankable() {
  return " FROM trials WHERE sweep = ?1 AND phase = 'ended' AND value IS NOT NULL AND outcome IN " + ranked_outcomes();
}

// A draw that came before: it ended with another's result, and neither ran nor was reused.
constexpr char kRepeated[] = "attempts = 0 AND reused_from = ''";

class Reader {
 public:
  Reader(Database& database, std::int64_t number, SweepOverview& sweep)
      : database_(database), number_(number), sweep_(sweep) {}

  void read() {
    if (sweep_.repeats == 1) {
      read_bound();
      read_best();
    } else {
      read_means();
    }
    sweep_.wanted = sweep_.bound ? std::min(sweep_.trials, *sweep_.bound + 1) : sweep_.trials;
    read_counts();
    read_planned();
    read_running();
    read_last_event();
  }

 private:
  bool maximizes() const { return sweep_.metric->goal == protocol::Goal::kMaximize; }

  void read_bound() {
    if (!sweep_.metric || !sweep_.target) return;
    const std::string sql =
        "SELECT min(trial_index)" + rankable() + (maximizes() ? " AND value >= ?2" : " AND value <= ?2");
    Statement find(database_, sql.c_str());
    if (find.start().bind(number_).bind(*sweep_.target).step() && !find.is_null(0)) sweep_.bound = find.whole(0);
  }

  void read_best() {
    if (!sweep_.metric) return;
    const std::string sql = "SELECT trial, trial_index, value" + rankable() + " AND trial_index <= ?2 ORDER BY value " +
                            (maximizes() ? "DESC" : "ASC") + ", trial_index LIMIT 1";
    Statement find(database_, sql.c_str());
    if (find.start().bind(number_).bind(sweep_.bound.value_or(kNoBound)).step())
      sweep_.best = SweepOverview::Best{find.text(0), find.whole(1), find.real(2)};
  }

  // The mean of a configuration is a sum in the order of its replicates, which no aggregate promises.
  void read_means() {
    if (!sweep_.metric) return;
    const std::string sql =
        "SELECT trial_index, value, trial" + rankable() + " AND NOT (" + kRepeated + ") ORDER BY trial_index";
    Statement all(database_, sql.c_str());
    std::uint64_t first = 0, n = 0;
    std::string trial;
    double sum = 0;
    for (all.start().bind(number_); all.step();) {
      const std::uint64_t index = all.whole(0), configuration = index - index % sweep_.repeats;
      if (n == 0 || configuration != first) {
        first = configuration;
        n = 0;
        sum = 0;
        trial = all.text(2);
      }
      sum += all.real(1);
      if (++n < sweep_.repeats) continue;
      take_mean(first, trial, sum / static_cast<double>(n));
      if (sweep_.bound) return;
    }
  }

  void take_mean(std::uint64_t first, const std::string& trial, double mean) {
    if (!std::isfinite(mean)) return;
    if (!sweep_.best || protocol::better(sweep_.metric->goal, mean, sweep_.best->value))
      sweep_.best = SweepOverview::Best{trial, first, mean};
    if (sweep_.target && (maximizes() ? mean >= *sweep_.target : mean <= *sweep_.target))
      sweep_.bound = first + sweep_.repeats - 1;
  }

  void read_counts() {
    const std::string sql = std::string("SELECT CASE WHEN ") + kRepeated +
                            " THEN 'repeat' ELSE outcome END AS word, trial_index > ?2, count(*) FROM trials "
                            "WHERE sweep = ?1 AND phase = 'ended' GROUP BY 1, 2";
    Statement count(database_, sql.c_str());
    for (count.start().bind(number_).bind(sweep_.bound.value_or(kNoBound)); count.step();) {
      const bool surplus = count.number(1) != 0;
      if (!surplus) sweep_.outcomes[count.text(0)] = count.whole(2);
      if (!surplus) sweep_.ended += count.whole(2);
      if (surplus && count.text(0) != "repeat") sweep_.surplus += count.whole(2);
    }
  }

  // Trials are planned in the order of their indices.
  void read_planned() {
    Statement find(database_, "SELECT max(trial_index) FROM trials WHERE sweep = ?");
    if (find.start().bind(number_).step() && !find.is_null(0)) sweep_.planned = find.whole(0) + 1;
  }

  void read_running() {
    Statement find(database_,
                   "SELECT trial_index FROM trials WHERE sweep = ? AND phase = 'running' ORDER BY trial_index");
    for (find.start().bind(number_); find.step();) sweep_.running.push_back(find.whole(0));
  }

  // By the index over events, in which the row's number comes last: no row is read.
  void read_last_event() {
    Statement find(database_,
                   "SELECT time_ms FROM events WHERE number = (SELECT max(number) FROM events WHERE sweep = ?)");
    sweep_.active_ms = find.start().bind(number_).step() ? find.number(0) : sweep_.created_ms;
  }

  Database& database_;
  std::int64_t number_;
  SweepOverview& sweep_;
};

}  // namespace

std::vector<SweepOverview> read_overviews(Database& database, std::int64_t version, const std::string& id) {
  const std::string sql = std::string("SELECT number, id, name, file, method, seed, metric, trials, created_ms, ") +
                          (version >= 2 ? "target, repeats" : "NULL, 1") +
                          " FROM sweeps WHERE ?1 = '' OR id = ?1 ORDER BY number";
  Statement all(database, sql.c_str());
  std::vector<SweepOverview> sweeps;
  const std::string place = database.file().string();
  for (all.start().bind(id); all.step();) {
    SweepOverview& sweep = sweeps.emplace_back();
    sweep.id = all.text(1);
    sweep.name = all.text(2);
    sweep.file = all.text(3);
    sweep.method = all.text(4);
    sweep.seed = all.whole(5);
    if (const core::Json metric = core::parse_json(all.text(6), place); !metric.is_null())
      sweep.metric = protocol::Metric::from_json(metric, place);
    sweep.trials = all.whole(7);
    sweep.created_ms = all.number(8);
    if (!all.is_null(9)) sweep.target = all.real(9);
    sweep.repeats = static_cast<std::uint32_t>(all.number(10));
    Reader(database, all.number(0), sweep).read();
  }
  return sweeps;
}

}  // namespace sweep

// Whether rows are whole, and whether all are there; see store.h. Reads only.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "sweep/store/connection.h"

namespace sweep {
namespace {

// The version that brought how many rows of a table there are to the rows of the trials.
std::int64_t counted_since(Table table) { return table == Table::kEvents ? 4 : kCountsSince; }

std::string miscount_text(Table table, std::int64_t sweep, std::optional<std::uint64_t> index, std::int64_t counted,
                          std::int64_t found) {
  return fmt::format("{} of sweep number {}: {} {} were recorded, and {} are there",
                     index ? fmt::format("trial {}", *index) : "the trials", sweep, counted, name(table), found);
}

std::string gone_text(Table table, std::int64_t first, std::int64_t last) {
  if (first == last) return fmt::format("number {} of the {} is gone", first, name(table));
  return fmt::format("numbers {} to {} of the {} are gone", first, last, name(table));
}

}  // namespace

void Store::Connection::require_intact_rows(Table table) {
  StoreCheck found;
  check_rows(table, found);
  if (!found.damaged.empty()) refuse_damaged(found.damaged.front(), *database);
}

void Store::Connection::check_rows(Table table, StoreCheck& found) {
  const bool is_numbered = std::find(std::begin(kNumbered), std::end(kNumbered), table) != std::end(kNumbered);
  // Asked before the rows are read: a controller that goes on may add some, and takes none away.
  const std::int64_t counted = is_numbered ? count_of(table, found) : 0;
  std::int64_t next = 1;
  const auto require_up_to = [&](std::int64_t number) {
    if (number > next) found.damaged.push_back(gone_text(table, next, number - 1));
    next = number + 1;
  };
  Statement read = prepare(table, is_numbered ? "ORDER BY number" : "");
  for (read.start(); read.step(); ++found.rows) {
    if (read.is_null(digest_column(table))) ++found.without_digest;
    std::string damage = row_damage(read, table);
    // A damaged row fills its place where its number is the next one, and else says nothing of others.
    if (is_numbered && (damage.empty() || read.number(0) == next)) require_up_to(read.number(0));
    if (!damage.empty()) found.damaged.push_back(std::move(damage));
  }
  if (counted >= next) require_up_to(counted + 1);
}

// 0 where nothing is known of it; a damaged row of `counts` is named where that table is looked at.
std::int64_t Store::Connection::count_of(Table table, StoreCheck& found) {
  if (version < kCountsSince) return 0;
  Statement count = prepare(Table::kCounts, "WHERE table_name = ?");
  if (!count.start().bind(name(table)).step()) {
    found.damaged.push_back(fmt::format("the number of {} is gone", name(table)));
    return 0;
  }
  return row_damage(count, Table::kCounts).empty() ? count.number(1) : 0;
}

void Store::Connection::require_all_rows(Table table, std::int64_t sweep, std::optional<std::uint64_t> index) {
  if (version < counted_since(table) || is_open) return;
  const std::string one = index ? " AND trial_index = ?2" : "";
  Statement count(*database, fmt::format("SELECT (SELECT count(*) FROM {0} WHERE sweep = ?1{1}), (SELECT CASE WHEN "
                                         "count({0}) = count(*) THEN sum({0}) END FROM trials WHERE sweep = ?1{1})",
                                         name(table), one)
                                 .c_str());
  count.start().bind(sweep);
  if (index) count.bind(*index);
  if (!count.step() || count.is_null(1) || count.number(0) == count.number(1)) return;
  refuse_damaged(miscount_text(table, sweep, index, count.number(1), count.number(0)), *database);
}

StoreCheck Store::check() const {
  StoreCheck found;
  Connection& connection = *connection_;
  for (const Table table : tables_of(connection.version)) connection.check_rows(table, found);
  for (const Table table : {Table::kEvents, Table::kOutputs}) {
    if (connection.version < counted_since(table)) continue;
    Statement counts(*connection.database,
                     fmt::format("SELECT sweep, trial_index, {0}, (SELECT count(*) FROM {0} WHERE {0}.sweep = "
                                 "trials.sweep AND {0}.trial_index = trials.trial_index) AS found FROM trials "
                                 "WHERE {0} != found UNION ALL SELECT sweep, trial_index, 0, count(*) FROM {0} "
                                 "WHERE NOT EXISTS (SELECT 1 FROM trials WHERE trials.sweep = {0}.sweep AND "
                                 "trials.trial_index = {0}.trial_index) GROUP BY sweep, trial_index",
                                 name(table))
                         .c_str());
    for (counts.start(); counts.step();)
      found.damaged.push_back(
          miscount_text(table, counts.number(0), counts.whole(1), counts.number(2), counts.number(3)));
  }
  return found;
}

}  // namespace sweep

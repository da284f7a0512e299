// See rows.h.
#include "sweep/store/rows.h"

#include <fmt/format.h>

#include <array>
#include <span>

#include "core/error.h"

namespace sweep {
namespace {

struct Column {
  const char* name;
  std::int64_t since = 1;        // the version that brought it
  const char* before = nullptr;  // what stands for it in an older store
};

struct TableInfo {
  const char* name;
  std::span<const Column> columns;
  std::int64_t since = 1;
};

constexpr Column kSweepColumns[] = {{"number"},
                                    {"id"},
                                    {"name"},
                                    {"file"},
                                    {"text"},
                                    {"overrides"},
                                    {"identity"},
                                    {"data"},
                                    {"trainer_sha256"},
                                    {"provenance"},
                                    {"method"},
                                    {"seed"},
                                    {"metric"},
                                    {"trials"},
                                    {"created_ms"},
                                    {"target", 2, "NULL"},
                                    {"repeats", 2, "1"},
                                    {"program", 2, "'null'"}};
constexpr Column kEventColumns[] = {{"number"}, {"sweep"}, {"trial_index"}, {"attempt"},
                                    {"seq"},    {"kind"},  {"time_ms"},     {"line"}};
constexpr Column kTrialColumns[] = {{"sweep"},          {"trial_index"},
                                    {"trial"},          {"seed"},
                                    {"attempts"},       {"phase"},
                                    {"outcome"},        {"value"},
                                    {"epoch"},          {"step"},
                                    {"last_step"},      {"seconds"},
                                    {"reused_from"},    {"repeats", 3, "NULL"},
                                    {"detail", 3, "''"}};
constexpr Column kOutputColumns[] = {{"sweep"}, {"trial_index"}, {"attempt"}, {"stream"}, {"bytes"}};
constexpr Column kReplayColumns[] = {{"number"}, {"trial"}, {"time_ms"}, {"verdict"}, {"detail"}};

constexpr Column kCountColumns[] = {{"table_name"}, {"number"}};

constexpr std::array<TableInfo, 6> kTables = {{{"sweeps", kSweepColumns},
                                               {"events", kEventColumns},
                                               {"trials", kTrialColumns},
                                               {"outputs", kOutputColumns, 3},
                                               {"replays", kReplayColumns},
                                               {"counts", kCountColumns, 5}}};
constexpr std::int64_t kDigestSince = 4;

const TableInfo& info(Table table) { return kTables[static_cast<std::size_t>(table)]; }

std::uint64_t digest_key(Table table) { return static_cast<std::uint64_t>(table) + 1; }

// Only what the row says of itself: any part of it may be what was damaged.
std::string row_name(const Statement& row, Table table) {
  const auto or_none = [&](const char* word, int column) {
    return row.is_null(column) ? std::string() : fmt::format(", {} {}", word, row.number(column));
  };
  switch (table) {
    case Table::kSweeps:
      return "sweep " + row.text(1);
    case Table::kEvents:
      return fmt::format("event {} (trial {} of sweep number {}{}{})", row.number(0), row.number(2), row.number(1),
                         or_none("attempt", 3), or_none("seq", 4));
    case Table::kTrials:
      return fmt::format("the row of trial {} of sweep number {}", row.number(1), row.number(0));
    case Table::kOutputs:
      return fmt::format("what attempt {} of trial {} of sweep number {} printed", row.number(2), row.number(1),
                         row.number(0));
    case Table::kReplays:
      return fmt::format("replay {} of trial {}", row.number(0), row.text(1));
    case Table::kCounts:
      return "the number of " + row.text(0);
  }
  return {};
}

}  // namespace

std::string select_rows(Table table, std::int64_t version, const std::string& rest) {
  std::string sql = "SELECT ";
  for (const Column& column : info(table).columns) {
    sql += version >= column.since ? std::string(info(table).name) + "." + column.name : column.before;
    sql += ", ";
  }
  return sql + (version >= kDigestSince ? std::string(info(table).name) + ".digest" : "NULL") + " FROM " +
         info(table).name + " " + rest;
}

std::string insert_row(Table table) {
  std::string names, marks;
  for (const Column& column : info(table).columns) {
    names += std::string(column.name) + ", ";
    marks += "?, ";
  }
  return std::string("INSERT INTO ") + info(table).name + " (" + names + "digest) VALUES (" + marks + "?)";
}

int digest_column(Table table) { return static_cast<int>(info(table).columns.size()); }

void bind_digest(Statement& statement, Table table) { statement.bind(statement.bound().value(digest_key(table))); }

std::string row_damage(const Statement& row, Table table) {
  RowReader reader(row);
  reader.skip(digest_column(table));
  return row_damage(row, table, reader);
}

std::string row_damage(const Statement& row, Table table, const RowReader& reader) {
  const int columns = digest_column(table);
  if (row.is_null(columns)) return {};
  const std::int64_t is = reader.digest().value(digest_key(table)), was = row.number(columns);
  if (row.is_whole(columns) && is == was) return {};
  return fmt::format("{} is not what was written: the digest of its contents is 0x{:016x}, the recorded one 0x{:016x}",
                     row_name(row, table), static_cast<std::uint64_t>(is), static_cast<std::uint64_t>(was));
}

void require_intact(const Statement& row, Table table, const Database& database) {
  if (const std::string damage = row_damage(row, table); !damage.empty()) refuse_damaged(damage, database);
}

void require_intact(const Statement& row, Table table, const RowReader& reader, const Database& database) {
  if (const std::string damage = row_damage(row, table, reader); !damage.empty()) refuse_damaged(damage, database);
}

void refuse_damaged(const std::string& damage, const Database& database) {
  throw core::UserError(database.file().string(), damage,
                        "the disk, the memory or another program changed it: put a copy of the store in its place");
}

const char* name(Table table) { return info(table).name; }

std::vector<Table> tables_of(std::int64_t version) {
  std::vector<Table> tables;
  for (std::size_t i = 0; i < kTables.size(); ++i)
    if (version >= kTables[i].since) tables.push_back(static_cast<Table>(i));
  return tables;
}

}  // namespace sweep

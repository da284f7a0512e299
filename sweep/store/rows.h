// The tables of a store as lists of columns, and the digest that stands beside each row. Used by the sources of this
// room alone; store.h describes the tables, row_digest.h the digest.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sweep/store/sqlite.h"

namespace sweep {

enum class Table { kSweeps, kEvents, kTrials, kOutputs, kReplays, kCounts };

/// "SELECT <every column>, digest FROM <table> <rest>". A store that is only read stays at its version: what it lacks
/// is given as null, or as the value that it stands for.
std::string select_rows(Table table, std::int64_t version, const std::string& rest);

/// "INSERT INTO <table> (<every column>, digest) VALUES (?, …)".
std::string insert_row(Table table);

/// The digest column's place: that of the first column behind the row's own.
int digest_column(Table table);

/// Binds the digest of what was bound since start(). Requires: exactly the row's columns were.
void bind_digest(Statement& statement, Table table);

/// What is wrong with a row of select_rows(): "event 17 (trial 3 of sweep 1, attempt 0, seq 5): …"; empty where its
/// digest is that of its contents, or where it has none, being of an older version.
std::string row_damage(const Statement& row, Table table);
/// The same with a reader that has gone over the row's own columns, and no further.
std::string row_damage(const Statement& row, Table table, const RowReader& reader);

/// Errors: UserError that names the row where row_damage() finds something.
void require_intact(const Statement& row, Table table, const Database& database);
void require_intact(const Statement& row, Table table, const RowReader& reader, const Database& database);

/// Errors: UserError with this damage.
[[noreturn]] void refuse_damaged(const std::string& damage, const Database& database);

/// Tables whose rows are numbered from 1 without a gap, and of which `counts` says how many there are.
inline constexpr Table kNumbered[] = {Table::kSweeps, Table::kEvents, Table::kReplays};
const char* name(Table table);

/// Every table of a store of this version.
std::vector<Table> tables_of(std::int64_t version);

}  // namespace sweep

// Opening a store: its tables, and what older versions lack. Used by store.cpp alone; store.h describes the tables.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "sweep/store/sqlite.h"

namespace sweep {

inline constexpr std::int64_t kSchemaVersion = 5;
inline constexpr std::int64_t kCountsSince = 5;  ///< the version that brought `counts`

/// Errors: UserError where there is none, EnvironmentError.
std::unique_ptr<Database> open_read_only(const std::filesystem::path& file);
/// Makes it where it is missing, and brings an older version to the present one. Errors: EnvironmentError, UserError.
std::unique_ptr<Database> open_for_writing(const std::filesystem::path& file);
/// The schema's version. Errors: UserError where it is another program's file or a newer version's.
std::int64_t check_version(Database& database);

}  // namespace sweep

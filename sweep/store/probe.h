// How a folder serves as the place of a store: what SQLite can do there and how long a commit takes. For `sweep
// doctor`.
#pragma once

#include <filesystem>
#include <string>

namespace sweep {

struct StoreProbe {
  std::string sqlite;     ///< version of the library
  std::string journal;    ///< the mode that a store has there: "wal" or "delete"
  double commit_ms = 0;   ///< of one event as a store records it: it survives the death of the process
  double durable_ms = 0;  ///< of one that survives a loss of power
  std::string problem;    ///< in words, where no store can be there; empty where all is well
};

/// Makes a small database in `folder`, which exists, commits to it, takes medians and removes it. Errors: none thrown.
StoreProbe probe_store(const std::filesystem::path& folder);

}  // namespace sweep

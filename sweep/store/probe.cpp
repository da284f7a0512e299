// See probe.h.
#include "sweep/store/probe.h"

#include <stdlib.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "sweep/store/sqlite.h"
#include "sweep/store/store.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kCommits = 21;

// A folder that goes with everything in it.
class Scratch {
 public:
  explicit Scratch(const fs::path& parent) : path_((parent / "sweep-doctor-XXXXXX").string()) {
    made_ = ::mkdtemp(path_.data()) != nullptr;
    if (!made_)
      throw core::EnvironmentError(parent.string(), std::string("cannot be written: ") + std::strerror(errno));
  }
  ~Scratch() {
    std::error_code ignored;
    if (made_) fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  fs::path file() const { return fs::path(path_) / "probe.db"; }

 private:
  std::string path_;
  bool made_ = false;
};

// As synchronous = `level` says; milliseconds.
double median_commit_ms(Database& database, const char* level) {
  database.run((std::string("PRAGMA synchronous = ") + level).c_str());
  std::vector<double> times;
  for (std::size_t i = 0; i < kCommits; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    Transaction transaction(database);
    database.run("INSERT INTO lines VALUES ('{\"event\":\"metric\",\"seq\":1,\"step\":1,\"values\":{\"loss\":0.5}}')");
    transaction.commit();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
  }
  std::nth_element(times.begin(), times.begin() + kCommits / 2, times.end());
  return times[kCommits / 2];
}

}  // namespace

StoreProbe probe_store(const fs::path& folder) {
  StoreProbe probe;
  probe.sqlite = sqlite3_libversion();
  struct statfs system {};
  probe.journal = ::statfs(folder.c_str(), &system) == 0 ? journal_mode(system.f_type) : "wal";
  try {
    const Scratch scratch(folder);
    Database database(scratch.file(), core::file_uri(scratch.file()), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    const std::string got = database.text(("PRAGMA journal_mode = " + probe.journal).c_str());
    if (got != probe.journal) probe.problem = "journal mode '" + got + "' where '" + probe.journal + "' was asked for";
    database.run("CREATE TABLE lines (line TEXT NOT NULL)");
    probe.commit_ms = median_commit_ms(database, "NORMAL");
    probe.durable_ms = median_commit_ms(database, "FULL");
  } catch (const core::EnvironmentError& error) {
    probe.problem = error.what();
  } catch (const core::UserError& error) {
    probe.problem = error.what();
  }
  return probe;
}

}  // namespace sweep

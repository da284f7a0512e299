// A store's log is written to the disk while it grows, by a thread of its own.
#include "sweep/store/log_sync.h"

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>

#include "sweep/store/frame_writes.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"

namespace {

namespace fs = std::filesystem;

std::atomic<int> begun = 0, syncs = 0;
std::atomic<bool> hears_signals = false;
fs::path place;  // of the file, the last time; read when the thread has ended

int note(int descriptor) {
  sigset_t blocked;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  for (const int signal : {SIGINT, SIGTERM, SIGCHLD, SIGHUP})
    if (::sigismember(&blocked, signal) == 0) hears_signals = true;
  place = fs::read_symlink("/proc/self/fd/" + std::to_string(descriptor));
  ++syncs;
  return 0;
}

int take_time(int) {
  ++begun;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ++syncs;
  return 0;
}

bool becomes(const std::atomic<int>& number, int least) {
  for (int i = 0; i < 10'000 && number < least; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return number >= least;
}

std::ptrdiff_t threads() { return std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator()); }

}  // namespace

TEST_CASE("a log is synced each time that is asked, in a thread that hears no signal", "[store]") {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "log";
  std::ofstream(file) << "x";
  syncs = 0;
  {
    sweep::LogSync sync(file, note);
    CHECK(syncs == 0);
    sync.begin();
    CHECK(becomes(syncs, 1));
    sync.begin();
    CHECK(becomes(syncs, 2));
  }
  CHECK(syncs == 2);
  CHECK(place == fs::canonical(file));
  CHECK_FALSE(hears_signals);
}

TEST_CASE("the end of a log waits for a sync that has begun", "[store]") {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "log";
  std::ofstream(file) << "x";
  begun = syncs = 0;
  auto sync = std::make_unique<sweep::LogSync>(file, take_time);
  sync->begin();
  CHECK(becomes(begun, 1));
  sync.reset();
  CHECK(syncs == 1);
}

TEST_CASE("of a log that is not there nothing is synced", "[store]") {
  const TemporaryFolder folder;
  syncs = 0;
  sweep::LogSync((folder.path() / "none").string(), note).begin();
  CHECK(syncs == 0);
}

TEST_CASE("a log has its thread from when it has grown by some megabytes until it is closed", "[store]") {
  const TemporaryFolder folder;
  const std::ptrdiff_t before = threads();
  sqlite3* base = nullptr;
  REQUIRE(sqlite3_open((folder.path() / "base").c_str(), &base) == SQLITE_OK);
  const auto run = [&](const char* sql) { REQUIRE(sqlite3_exec(base, sql, nullptr, nullptr, nullptr) == SQLITE_OK); };
  run("PRAGMA journal_mode = wal; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a, b)");
  sweep::write_frames_whole(base);
  for (int i = 0; i < 100; ++i) run("INSERT INTO t VALUES (1, randomblob(3000))");
  CHECK(threads() == before);
  for (int i = 0; i < 1000; ++i) run("INSERT INTO t VALUES (1, randomblob(3000))");
  CHECK(threads() == before + 1);
  CHECK(sqlite3_close(base) == SQLITE_OK);
  CHECK(threads() == before);
}

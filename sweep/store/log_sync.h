// Has the system write a store's log to the disk while the log grows, in a thread: the next checkpoint, which must wait
// until all of it is there, has little left to wait for. Without it nothing starts for 13 to 17 ms each thousand short
// trials (bench/results/throughput-2026-11-27.txt). Used by frame_writes.cpp.
#pragma once

#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace sweep {

class LogSync {
 public:
  /// Of the file, which is there. Without a thread, where the system gives none, nothing happens. `sync` is another one
  /// in tests.
  explicit LogSync(const std::string& file, int (*sync)(int descriptor) = ::fdatasync);
  /// Waits for a write that has begun.
  ~LogSync();
  LogSync(const LogSync&) = delete;
  LogSync& operator=(const LogSync&) = delete;

  /// What is in the file by now goes to the disk soon; returns at once. What goes wrong is told to whoever syncs the
  /// file next through a descriptor of its own, as SQLite does before it relies on it.
  void begin();

 private:
  void run();

  int file_;
  int (*sync_)(int);
  std::mutex mutex_;
  std::condition_variable changed_;
  bool asked_ = false, ends_ = false;  ///< under the mutex
  std::thread thread_;
};

}  // namespace sweep

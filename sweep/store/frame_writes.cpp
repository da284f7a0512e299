// See frame_writes.h. The file's table of methods is replaced by a copy, in which those that read, write or measure are
// ours; it lives as long as the file is open. Source: SQLite's file format, "The Write-Ahead Log": 32 bytes, then
// frames.
#include "sweep/store/frame_writes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sweep/store/log_sync.h"

namespace sweep {
namespace {

constexpr int kLogHeader = 32, kFrameHeader = 24;
constexpr sqlite3_int64 kMostUnsynced = 3 << 20;  // bytes; the last time is just before a checkpoint, after 4000 pages

struct Log {
  sqlite3_io_methods methods;      // first: a file's table is this object
  const sqlite3_io_methods* real;  // before
  bool holds = false;
  std::array<char, kFrameHeader> header{};
  sqlite3_int64 at = 0;   // of the header that is held
  sqlite3_int64 end = 0;  // of what this connection wrote last; what lies before is written again, and alone
  std::vector<char> frame;
  std::string file;
  std::optional<LogSync> sync;  // from when it was first needed
  sqlite3_int64 unsynced = 0;   // bytes that were written since it last was
};

Log& log_of(sqlite3_file* file) { return *const_cast<Log*>(reinterpret_cast<const Log*>(file->pMethods)); }

int let_go(Log& log, sqlite3_file* file) {
  if (!log.holds) return SQLITE_OK;
  log.holds = false;
  return log.real->xWrite(file, log.header.data(), kFrameHeader, log.at);
}

void sync_soon(Log& log, int written) {
  log.unsynced += written;
  if (log.unsynced < kMostUnsynced) return;
  log.unsynced = 0;
  if (!log.sync) log.sync.emplace(log.file);
  log.sync->begin();
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  Log& log = log_of(file);
  if (log.holds && at == log.at + kFrameHeader) {
    log.holds = false;
    log.frame.resize(static_cast<std::size_t>(kFrameHeader + size));
    std::copy(log.header.begin(), log.header.end(), log.frame.begin());
    std::memcpy(log.frame.data() + kFrameHeader, bytes, static_cast<std::size_t>(size));
    log.end = at + size;
    if (const int code = log.real->xWrite(file, log.frame.data(), kFrameHeader + size, log.at); code != SQLITE_OK)
      return code;
    sync_soon(log, kFrameHeader + size);
    return SQLITE_OK;
  }
  if (const int code = let_go(log, file); code != SQLITE_OK) return code;
  if (size == kLogHeader && at == 0) log.end = kLogHeader;  // it begins anew
  if (size == kFrameHeader && at >= log.end) {
    log.holds = true;
    log.at = at;
    std::memcpy(log.header.data(), bytes, kFrameHeader);
    return SQLITE_OK;
  }
  return log.real->xWrite(file, bytes, size, at);
}

int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 at) {
  const int code = let_go(log_of(file), file);
  return code != SQLITE_OK ? code : log_of(file).real->xRead(file, bytes, size, at);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  const int code = let_go(log_of(file), file);
  return code != SQLITE_OK ? code : log_of(file).real->xTruncate(file, size);
}

int sync(sqlite3_file* file, int flags) {
  Log& log = log_of(file);
  if (const int code = let_go(log, file); code != SQLITE_OK) return code;
  log.unsynced = 0;
  return log.real->xSync(file, flags);
}

int measure(sqlite3_file* file, sqlite3_int64* size) {
  const int code = let_go(log_of(file), file);
  return code != SQLITE_OK ? code : log_of(file).real->xFileSize(file, size);
}

int close(sqlite3_file* file) {
  const std::unique_ptr<Log> log(&log_of(file));
  const int code = let_go(*log, file);
  file->pMethods = log->real;
  const int closed = log->real->xClose(file);
  return code != SQLITE_OK ? code : closed;
}

}  // namespace

void write_frames_whole(sqlite3* database) {
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK || file == nullptr ||
      file->pMethods == nullptr || file->pMethods->xWrite == write)
    return;
  auto log = std::make_unique<Log>();
  log->file = sqlite3_filename_wal(sqlite3_db_filename(database, "main"));
  log->real = file->pMethods;
  log->methods = *file->pMethods;
  log->methods.xWrite = write;
  log->methods.xRead = read;
  log->methods.xTruncate = truncate;
  log->methods.xSync = sync;
  log->methods.xFileSize = measure;
  log->methods.xClose = close;
  file->pMethods = &log.release()->methods;
}

}  // namespace sweep

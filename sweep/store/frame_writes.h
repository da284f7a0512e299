// SQLite writes each frame of its write-ahead log in two calls: 24 bytes of header, then the page. Here both go in one:
// a trial has five frames, and five calls fewer are 7 of 447 us on a disk (bench/results/throughput-2026-11-27.txt).
// Used by schema.cpp, for stores that are written; readers and everything else SQLite does are untouched.
#pragma once

#include <sqlite3.h>

namespace sweep {

/// From here on the connection's log is written so, and synced by a thread each time it has grown by some megabytes
/// (log_sync.h). A header is held from its own call to the very next one, which SQLite makes for its page; whatever
/// else is asked of the file has it written first. Without a log nothing changes. Requires: the connection has read
/// something, so that its log is open.
void write_frames_whole(sqlite3* database);

}  // namespace sweep

// SQLite's way to the disk, with a write that fails when a test asks for it. While one lives it is the default for
// every connection that is opened.
#pragma once

#include <sqlite3.h>

#include <cstring>
#include <string>

class FailingVfs {
 public:
  FailingVfs() {
    current() = this;
    vfs_ = *real();
    vfs_.zName = "failing";
    vfs_.szOsFile += static_cast<int>(sizeof(File));
    vfs_.xOpen = open;
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~FailingVfs() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real(), 1);
    current() = nullptr;
  }
  FailingVfs(const FailingVfs&) = delete;

  /// The n-th write, sync or truncation from now on fails, counted from 1; with `stays` all later ones too. 0: none.
  void fail_at(long n, bool stays) {
    at_ = n;
    stays_ = stays;
    done_ = 0;
  }
  bool has_failed() const { return at_ > 0 && done_ >= at_; }

 private:
  // Ours first, the real one behind it in the same memory.
  struct File {
    sqlite3_file base;
    sqlite3_io_methods methods;
    sqlite3_file* behind() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };

  static sqlite3_vfs* real() {
    static sqlite3_vfs* const found = sqlite3_vfs_find("unix");
    return found;
  }
  static FailingVfs*& current() {
    static FailingVfs* vfs = nullptr;
    return vfs;
  }
  bool fails() {
    ++done_;
    return at_ > 0 && (done_ == at_ || (stays_ && done_ > at_));
  }

  static sqlite3_file* of(sqlite3_file* file) { return reinterpret_cast<File*>(file)->behind(); }

  static int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
    File* ours = reinterpret_cast<File*>(file);
    ours->base.pMethods = nullptr;
    const int code = real()->xOpen(real(), name, ours->behind(), flags, out_flags);
    if (ours->behind()->pMethods == nullptr) return code;
    sqlite3_io_methods& m = ours->methods;
    m = *ours->behind()->pMethods;
    m.xClose = [](sqlite3_file* f) { return of(f)->pMethods->xClose(of(f)); };
    m.xRead = [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
      return of(f)->pMethods->xRead(of(f), to, n, at);
    };
    m.xWrite = [](sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
      return current()->fails() ? SQLITE_FULL : of(f)->pMethods->xWrite(of(f), from, n, at);
    };
    m.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      return current()->fails() ? SQLITE_IOERR_TRUNCATE : of(f)->pMethods->xTruncate(of(f), size);
    };
    m.xSync = [](sqlite3_file* f, int how) {
      return current()->fails() ? SQLITE_IOERR_FSYNC : of(f)->pMethods->xSync(of(f), how);
    };
    m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return of(f)->pMethods->xFileSize(of(f), size); };
    m.xLock = [](sqlite3_file* f, int level) { return of(f)->pMethods->xLock(of(f), level); };
    m.xUnlock = [](sqlite3_file* f, int level) { return of(f)->pMethods->xUnlock(of(f), level); };
    m.xCheckReservedLock = [](sqlite3_file* f, int* out) { return of(f)->pMethods->xCheckReservedLock(of(f), out); };
    m.xFileControl = [](sqlite3_file* f, int op, void* arg) { return of(f)->pMethods->xFileControl(of(f), op, arg); };
    m.xSectorSize = [](sqlite3_file* f) { return of(f)->pMethods->xSectorSize(of(f)); };
    m.xDeviceCharacteristics = [](sqlite3_file* f) { return of(f)->pMethods->xDeviceCharacteristics(of(f)); };
    m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
      return of(f)->pMethods->xShmMap(of(f), page, size, extend, out);
    };
    m.xShmLock = [](sqlite3_file* f, int at, int n, int how) { return of(f)->pMethods->xShmLock(of(f), at, n, how); };
    m.xShmBarrier = [](sqlite3_file* f) { of(f)->pMethods->xShmBarrier(of(f)); };
    m.xShmUnmap = [](sqlite3_file* f, int remove) { return of(f)->pMethods->xShmUnmap(of(f), remove); };
    m.xFetch = [](sqlite3_file* f, sqlite3_int64 at, int n, void** out) {
      return of(f)->pMethods->xFetch(of(f), at, n, out);
    };
    m.xUnfetch = [](sqlite3_file* f, sqlite3_int64 at, void* p) { return of(f)->pMethods->xUnfetch(of(f), at, p); };
    ours->base.pMethods = &m;
    return code;
  }

  sqlite3_vfs vfs_{};
  long at_ = 0, done_ = 0;
  bool stays_ = false;
};

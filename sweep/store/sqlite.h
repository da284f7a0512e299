// A thin skin over SQLite's C interface: connections and statements that close themselves, and result codes turned into
// the project's errors. Used by store.cpp alone.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "sweep/store/row_digest.h"

namespace sweep {

class Database {
 public:
  /// Other controllers' transactions are short; a backup may take a while.
  static constexpr std::chrono::milliseconds kPatience{20'000};

  /// `flags` as for sqlite3_open_v2. Errors: as fail().
  Database(const std::filesystem::path& file, const std::string& uri, int flags);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const char* sql);
  std::int64_t number(const char* sql);
  std::string text(const char* sql);
  sqlite3* handle() { return handle_; }
  const std::filesystem::path& file() const { return file_; }

  /// Whether its file was deleted, or another one is in its place. SQLite goes on writing to what nobody finds again.
  bool has_moved();

  /// Another number after each change of the content, by whichever connection, that this one has seen: each transaction
  /// begins with a look.
  unsigned content_version();

  /// Throws what the result code means: EnvironmentError (locked, full, not writable) or UserError (damaged, no store).
  [[noreturn]] void fail(int code) const;

 private:
  std::filesystem::path file_;
  sqlite3* handle_ = nullptr;
};

/// A prepared statement, used over and over: bind from the left, then step.
class Statement {
 public:
  Statement(Database& database, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Forgets the last use. Every use begins with it.
  Statement& start();
  /// The next parameter. Text is copied.
  Statement& bind(std::string_view text);
  Statement& bind(std::int64_t number);
  Statement& bind(std::uint64_t number) { return bind(static_cast<std::int64_t>(number)); }
  Statement& bind(double number);
  Statement& bind_bytes(std::string_view bytes);
  Statement& bind_null();
  template <class T>
  Statement& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind_null();
  }
  /// Over what was bound since start().
  const RowDigest& bound() const { return bound_; }
  /// True: a row is there. False: done.
  bool step();
  /// For statements without rows.
  void run();

  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  bool is_whole(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_INTEGER; }
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::uint64_t whole(int column) const { return static_cast<std::uint64_t>(number(column)); }
  double real(int column) const { return sqlite3_column_double(statement_, column); }
  std::string text(int column) const;
  std::string bytes(int column) const;
  /// Every column where it lies, until the next step.
  sqlite3_value* value(int column) const { return sqlite3_column_value(statement_, column); }

 private:
  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
  int next_ = 1;
  RowDigest bound_;
};

/// The columns of a statement's row from the left: each is looked at once, for its value and for the digest over what
/// is stored. What is of another type than asked for is read as SQLite converts it; the digest tells. For rows that are
/// read by the hundred thousand. Requires: no step while it lives; the connection is one thread's, as every one is
/// here (only then may a value be read where it lies).
class RowReader {
 public:
  explicit RowReader(const Statement& row) : row_(row) {}

  std::int64_t number() { return sqlite3_value_int64(next()); }
  std::uint64_t whole() { return static_cast<std::uint64_t>(number()); }
  double real() { return sqlite3_value_double(next()); }
  /// Until the next step.
  std::string_view text();
  std::optional<std::uint64_t> whole_or_null();
  std::optional<double> real_or_null();
  void skip(int columns);

  /// Over the columns so far.
  const RowDigest& digest() const { return digest_; }

 private:
  /// The next column's value, taken into the digest by the type in which it is stored.
  sqlite3_value* next();

  const Statement& row_;
  int column_ = 0;
  RowDigest digest_;
};

/// Rolls back unless commit() was called.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace sweep

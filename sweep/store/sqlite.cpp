// See sqlite.h.
#include "sweep/store/sqlite.h"

#include <sys/resource.h>

#include <cerrno>
#include <new>

#include "core/error.h"
#include "core/remedy.h"

namespace sweep {
namespace {

bool is_write(int code) {
  return code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_TRUNCATE || code == SQLITE_IOERR_SHMSIZE;
}

// SQLite tells of EFBIG no more than that a write failed; errno is another by then.
bool has_limit_of_size() {
  rlimit size{};
  return ::getrlimit(RLIMIT_FSIZE, &size) == 0 && size.rlim_cur != RLIM_INFINITY;
}

}  // namespace

Database::Database(const std::filesystem::path& file, const std::string& uri, int flags) : file_(file) {
  const int code = sqlite3_open_v2(uri.c_str(), &handle_, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  if (handle_ == nullptr) throw std::bad_alloc();
  if (code != SQLITE_OK) {
    const std::string words = sqlite3_errmsg(handle_);
    sqlite3_close_v2(handle_);
    throw core::EnvironmentError(file_.string(), "cannot be opened: " + words);
  }
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, static_cast<int>(kPatience.count()));
}

Database::~Database() { sqlite3_close_v2(handle_); }

void Database::fail(int code) const {
  const std::string words = sqlite3_errmsg(handle_);
  const std::string place = file_.string();
  const int cause = sqlite3_system_errno(handle_);
  if (is_write(code) && has_limit_of_size())
    throw core::EnvironmentError(place, "cannot grow: the limit on the size of files is reached",
                                 std::string(core::remedy_for(EFBIG)) + " and go on with `sweep resume`");
  const bool is_full = (code & 0xff) == SQLITE_IOERR && (cause == ENOSPC || cause == EDQUOT);
  switch (is_full ? SQLITE_FULL : code & 0xff) {
    case SQLITE_NOTADB:
      throw core::UserError(place, "is not a store", "name another folder with --runs");
    case SQLITE_CORRUPT:
      throw core::UserError(place, "is damaged: " + words,
                            "put a copy in its place, or try `sqlite3 sweeps.db .recover`");
    case SQLITE_FULL:
      throw core::EnvironmentError(place, "the disk is full", "free some space and go on with `sweep resume`");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw core::EnvironmentError(place, "is locked by another program for more than 20 s", "end it and try again");
    case SQLITE_READONLY:
      if (code == SQLITE_READONLY_DIRECTORY)
        throw core::EnvironmentError(place, "cannot be read where its folder cannot be written to",
                                     "copy the folder and read the copy with --runs");
      throw core::EnvironmentError(place, "cannot be written: " + words);
    default:
      throw core::EnvironmentError(place, "SQLite says: " + words + " (" + std::to_string(code) + ")");
  }
}

bool Database::has_moved() {
  int moved = 0;
  return sqlite3_file_control(handle_, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

unsigned Database::content_version() {
  unsigned version = 0;
  const int code = sqlite3_file_control(handle_, "main", SQLITE_FCNTL_DATA_VERSION, &version);
  if (code != SQLITE_OK) fail(code);
  return version;
}

void Database::run(const char* sql) {
  if (const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr); code != SQLITE_OK) fail(code);
}

std::int64_t Database::number(const char* sql) {
  Statement statement(*this, sql);
  return statement.start().step() ? statement.number(0) : 0;
}

std::string Database::text(const char* sql) {
  Statement statement(*this, sql);
  return statement.start().step() ? statement.text(0) : std::string();
}

Statement::Statement(Database& database, const char* sql) : database_(database) {
  const int code = sqlite3_prepare_v3(database.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (code != SQLITE_OK) database.fail(code);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::start() {
  sqlite3_reset(statement_);
  next_ = 1;
  bound_ = {};
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  bound_.add(text);
  const int code = sqlite3_bind_text64(statement_, next_++, text.data() ? text.data() : "", text.size(),
                                       SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) database_.fail(code);
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  bound_.add(number);
  if (const int code = sqlite3_bind_int64(statement_, next_++, number); code != SQLITE_OK) database_.fail(code);
  return *this;
}

Statement& Statement::bind(double number) {
  bound_.add(number);
  if (const int code = sqlite3_bind_double(statement_, next_++, number); code != SQLITE_OK) database_.fail(code);
  return *this;
}

Statement& Statement::bind_bytes(std::string_view bytes) {
  bound_.add_blob(bytes);
  const int code = sqlite3_bind_blob64(statement_, next_++, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) database_.fail(code);
  return *this;
}

Statement& Statement::bind_null() {
  bound_.add_null();
  if (const int code = sqlite3_bind_null(statement_, next_++); code != SQLITE_OK) database_.fail(code);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_);
    return false;
  }
  sqlite3_reset(statement_);
  database_.fail(code);
}

void Statement::run() { core::check(!step(), "a statement without rows gave one"); }

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
}

std::string Statement::bytes(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
}

sqlite3_value* RowReader::next() {
  sqlite3_value* value = row_.value(column_++);
  const auto size = [&] { return static_cast<std::size_t>(sqlite3_value_bytes(value)); };
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      digest_.add(std::int64_t{sqlite3_value_int64(value)});
      break;
    case SQLITE_FLOAT:
      digest_.add(sqlite3_value_double(value));
      break;
    case SQLITE_TEXT:
      if (const void* bytes = sqlite3_value_text(value); bytes)
        digest_.add(std::string_view(static_cast<const char*>(bytes), size()));
      break;
    case SQLITE_BLOB:
      // That of an empty one is null.
      digest_.add_blob(size() == 0 ? ""
                                   : std::string_view(static_cast<const char*>(sqlite3_value_blob(value)), size()));
      break;
    default:
      digest_.add_null();
  }
  return value;
}

std::string_view RowReader::text() {
  sqlite3_value* value = next();
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_value_text(value));
  return bytes ? std::string_view(bytes, static_cast<std::size_t>(sqlite3_value_bytes(value))) : std::string_view();
}

std::optional<std::uint64_t> RowReader::whole_or_null() {
  sqlite3_value* value = next();
  if (sqlite3_value_type(value) == SQLITE_NULL) return std::nullopt;
  return static_cast<std::uint64_t>(sqlite3_value_int64(value));
}

std::optional<double> RowReader::real_or_null() {
  sqlite3_value* value = next();
  if (sqlite3_value_type(value) == SQLITE_NULL) return std::nullopt;
  return sqlite3_value_double(value);
}

void RowReader::skip(int columns) {
  while (columns-- > 0) next();
}

Transaction::Transaction(Database& database) : database_(database) { database_.run("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  if (open_) sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace sweep

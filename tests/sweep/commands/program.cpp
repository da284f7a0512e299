// See program.h.
#include "tests/sweep/commands/program.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>

#include "core/files.h"
#include "tests/catch.h"

namespace {

// A store opened behind the program's back.
class Database {
 public:
  explicit Database(const std::filesystem::path& file) { REQUIRE(sqlite3_open(file.c_str(), &handle_) == SQLITE_OK); }
  ~Database() { sqlite3_close(handle_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // The first column of the first row; `line` is bound to the first parameter where there is one.
  std::string first(const std::string& statement, const std::string& line = "") {
    sqlite3_stmt* prepared = nullptr;
    REQUIRE(sqlite3_prepare_v2(handle_, statement.c_str(), -1, &prepared, nullptr) == SQLITE_OK);
    if (sqlite3_bind_parameter_count(prepared) > 0)
      sqlite3_bind_text(prepared, 1, line.c_str(), static_cast<int>(line.size()), SQLITE_TRANSIENT);
    std::string text;
    const int step = sqlite3_step(prepared);
    if (step == SQLITE_ROW) text = reinterpret_cast<const char*>(sqlite3_column_text(prepared, 0));
    sqlite3_finalize(prepared);
    REQUIRE((step == SQLITE_ROW || step == SQLITE_DONE));
    return text;
  }

 private:
  sqlite3* handle_ = nullptr;
};

std::string event_number(const std::string& kind, int index) {
  return "(SELECT min(number) FROM events WHERE kind = '" + kind + "' AND trial_index = " + std::to_string(index) + ")";
}

}  // namespace

Workplace::Workplace() {
  std::string points;
  for (int i = 0; i < 60; ++i) {
    const int label = i % 3;
    points += std::to_string(label) + "." + std::to_string(10 + i * 7 % 83) + "," + std::to_string(i * 13 % 97) + ",";
    points += std::to_string(label) + "\n";
  }
  write("points.csv", points);
}

void Workplace::write(const std::string& file, const std::string& text) const {
  std::ofstream(path() / file, std::ios::binary) << text;
}

std::string Workplace::read(const std::string& file) const { return core::read_file(path() / file); }

Said Workplace::sweep(const std::string& arguments, const std::string& environment) const {
  const std::string command =
      fmt::format("cd '{}' && env -i PATH=\"$PATH\" {} '{}/bin/sweep' {} >out.txt 2>err.txt </dev/null",
                  path().string(), environment, SWEEP_BINARY_DIR, arguments);
  const int status = std::system(command.c_str());
  REQUIRE(WIFEXITED(status));
  return {WEXITSTATUS(status), read("out.txt"), read("err.txt")};
}

std::vector<std::string> Workplace::run_points(const std::string& name) const {
  const core::Json file = {{"name", name},
                           {"method", "grid"},
                           {"metric", {{"name", "val_accuracy"}, {"goal", "maximize"}}},
                           {"data", "points.csv"},
                           {"device", "cpu"},
                           {"parameters",
                            {{"hidden", {{"value", {4}}}},
                             {"learning_rate", {{"values", {0.1, 0.01}}}},
                             {"batch_size", {{"value", 8}}},
                             {"epochs", {{"value", 2}}}}}};
  write("points.json", core::canonical_json(file));
  const Said ran = sweep("run points.json --slots 2");
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  std::vector<std::string> ids(2);
  const core::Json report = core::parse_json(sweep("report --json").out, "report");
  for (const core::Json& trial : report["trials"])
    ids.at(trial["index"].get<std::size_t>()) = trial["trial"].get<std::string>();
  return ids;
}

// What a test writes into the store is taken as an older version's, which knew no digests.
void Workplace::forget_digests() const {
  Database store(path() / "runs/sweeps.db");
  for (const char* table : {"sweeps", "events", "trials", "outputs", "replays"})
    store.first(fmt::format("UPDATE {} SET digest = NULL", table));
  store.first("UPDATE trials SET events = NULL");
}

void Workplace::change(const std::string& statement) const { Database(path() / "runs/sweeps.db").first(statement); }

void Workplace::sql(const std::string& statement) const {
  change(statement);
  forget_digests();
}

std::string Workplace::event_line(const std::string& kind, int index) const {
  return Database(path() / "runs/sweeps.db")
      .first("SELECT line FROM events WHERE number = " + event_number(kind, index));
}

void Workplace::set_event_line(const std::string& kind, int index, const std::string& line) const {
  Database(path() / "runs/sweeps.db")
      .first("UPDATE events SET line = ?1 WHERE number = " + event_number(kind, index), line);
  forget_digests();
}

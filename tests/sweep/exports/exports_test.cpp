// The folders for TensorBoard and MLflow, read back by a reader of the tests' own that takes nothing but what those
// programs take.
#include "sweep/exports/exports.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "core/digest.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/dispatch/reused.h"
#include "sweep/exports/trials.h"
#include "tests/catch.h"
#include "tests/sweep/exports/made_sweep.h"

namespace fs = std::filesystem;
using sweep::ExportFormat;

namespace {

std::uint64_t lowest_first(const std::string& bytes, std::size_t at, std::size_t count) {
  REQUIRE(at + count <= bytes.size());
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < count; ++i) number |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return number;
}

// Bit by bit, so that no table is shared with the writer.
std::uint32_t masked_checksum(const std::string& bytes) {
  std::uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1u) != 0 ? (crc >> 1) ^ 0x82f63b78u : crc >> 1;
  }
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

std::vector<std::string> records_of(const std::string& file) {
  std::vector<std::string> records;
  for (std::size_t at = 0; at < file.size();) {
    const std::uint64_t length = lowest_first(file, at, 8);
    CHECK(lowest_first(file, at + 8, 4) == masked_checksum(file.substr(at, 8)));
    REQUIRE(length <= file.size());
    records.push_back(file.substr(at + 12, length));
    CHECK(lowest_first(file, at + 12 + length, 4) == masked_checksum(records.back()));
    at += 12 + length + 4;
  }
  return records;
}

// The fields of a message: numbers as they are, the rest as bytes.
struct Message {
  std::multimap<std::uint64_t, std::string> bytes;
  std::multimap<std::uint64_t, std::uint64_t> numbers;

  explicit Message(const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
      const std::uint64_t tag = varint(text, at), field = tag >> 3;
      switch (tag & 7) {
        case 0:
          numbers.emplace(field, varint(text, at));
          break;
        case 1:
          numbers.emplace(field, lowest_first(text, at, 8));
          at += 8;
          break;
        case 5:
          numbers.emplace(field, lowest_first(text, at, 4));
          at += 4;
          break;
        default: {
          REQUIRE((tag & 7) == 2);
          const std::uint64_t length = varint(text, at);
          REQUIRE(at + length <= text.size());
          bytes.emplace(field, text.substr(at, length));
          at += length;
        }
      }
    }
  }

  static std::uint64_t varint(const std::string& text, std::size_t& at) {
    std::uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
      REQUIRE(at < text.size());
      const auto byte = static_cast<unsigned char>(text[at++]);
      number |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return number;
    }
  }

  std::string text(std::uint64_t field) const {
    const auto found = bytes.find(field);
    return found == bytes.end() ? "" : found->second;
  }
  Message at(std::uint64_t field) const {
    REQUIRE(bytes.count(field) == 1);
    return Message(bytes.find(field)->second);
  }
  std::uint64_t number(std::uint64_t field) const {
    const auto found = numbers.find(field);
    return found == numbers.end() ? 0 : found->second;
  }
  double real(std::uint64_t field) const { return std::bit_cast<double>(number(field)); }
};

// An event file as TensorBoard has it.
struct EventFile {
  struct Scalar {
    double wall_time;
    std::uint64_t step;
    float value;
  };
  std::map<std::string, std::vector<Scalar>> scalars;
  std::map<std::string, std::string> plugin;  // tag → HParamsPluginData

  explicit EventFile(const std::string& file) {
    const std::vector<std::string> records = records_of(file);
    REQUIRE(!records.empty());
    CHECK(Message(records[0]).text(3) == "brain.Event:2");
    for (std::size_t i = 1; i < records.size(); ++i) {
      const Message event(records[i]), summary = event.at(5);
      for (const auto& [field, bytes] : summary.bytes) {
        REQUIRE(field == 1);
        const Message value(bytes);
        if (value.bytes.contains(9)) {
          const Message metadata = value.at(9), data = metadata.at(1);
          CHECK(data.text(1) == "hparams");
          CHECK(metadata.number(4) == 2);
          CHECK(value.at(8).number(1) == 1);
          CHECK(plugin.emplace(value.text(1), data.text(2)).second);
        } else {
          REQUIRE(value.numbers.count(2) == 1);
          scalars[value.text(1)].push_back(
              {event.real(1), event.number(2), std::bit_cast<float>(static_cast<std::uint32_t>(value.number(2)))});
        }
      }
    }
  }
};

std::set<std::string> files_under(const fs::path& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    CHECK(!entry.is_symlink());
    if (entry.is_regular_file()) files.insert(entry.path().lexically_relative(folder));
  }
  return files;
}

std::string digest(const std::string& name) { return "-" + core::sha256_hex(name).substr(0, 8); }

EventFile event_file(const MadeSweep& made, const std::string& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::directory_iterator(made.folder.path() / folder))
    if (entry.is_regular_file() && entry.path().filename() != "sweep-export.json")
      files.insert(entry.path().filename());
  REQUIRE(files.size() == 1);
  CHECK(std::regex_match(*files.begin(), std::regex("events\\.out\\.tfevents\\.[0-9]{10}\\.sweep")));
  return EventFile(made.read(folder + "/" + *files.begin()));
}

// google.protobuf.Value as text.
std::string value_text(const Message& value) {
  if (value.numbers.contains(2)) return core::format_double(value.real(2));
  if (value.numbers.contains(4)) return value.number(4) != 0 ? "true" : "false";
  return "'" + value.text(3) + "'";
}

}  // namespace

TEST_CASE("TensorBoard finds a folder for each trial, with its scalars by step and their times") {
  const MadeSweep made;
  const sweep::SweepExport exported = made.write(ExportFormat::kTensorboard, "board");
  std::set<std::string> folders;
  for (const auto& entry : fs::directory_iterator(made.folder.path() / "board"))
    if (entry.is_directory()) folders.insert(entry.path().filename());
  CHECK(folders == std::set<std::string>{"0-trial0", "1-trial1", "2-trial2", "3-trial3", "4-trial0", "5-trial5",
                                         "6-trial6", "7-trial7"});
  CHECK(exported.files == files_under(made.folder.path() / "board").size());

  const EventFile first = event_file(made, "board/0-trial0");
  REQUIRE(first.scalars.at("loss").size() == 3);
  CHECK(first.scalars.at("loss")[0].wall_time == 1'700'000'011.0);
  for (const auto& [i, value] : {std::pair(0u, 0.5f), std::pair(1u, 0.25f), std::pair(2u, 0.375f)}) {
    CHECK(first.scalars.at("loss")[i].step == i + 1);
    CHECK(first.scalars.at("loss")[i].value == value);
  }
  CHECK(std::isnan(first.scalars.at("train/loss").at(0).value));
  CHECK(first.scalars.at("train").at(0).value == -std::numeric_limits<float>::infinity());
  CHECK(first.scalars.at("..").at(0).value == std::numeric_limits<float>::infinity());  // 1e300 is no float
  REQUIRE(first.scalars.at("sweep/value").size() == 1);
  CHECK(first.scalars.at("sweep/value")[0].step == 2);
  CHECK(first.scalars.at("sweep/value")[0].value == 0.25f);
  CHECK(event_file(made, "board/1-trial1").scalars.contains(std::string(160, 'n') + digest(MadeSweep::kLongName)));
  CHECK(event_file(made, "board/2-trial2").scalars.empty());
  CHECK(event_file(made, "board/3-trial3").scalars.contains("hparams_/experiment" + digest("_hparams_/experiment")));
  CHECK(event_file(made, "board/6-trial6").scalars.at("loss").at(0).step == 4);
}

TEST_CASE("the HParams plugin finds the experiment, the values of each trial and how it ended") {
  const MadeSweep made;
  made.write(ExportFormat::kTensorboard, "board");
  const Message experiment = Message(event_file(made, "board").plugin.at("_hparams_/experiment")).at(2);
  CHECK(experiment.real(3) == 1'700'000'000.0);
  CHECK(experiment.text(6).starts_with("<script>\\x1b[31m ../nnn"));
  std::map<std::string, Message> parameters;
  for (auto [at, end] = experiment.bytes.equal_range(4); at != end; ++at)
    parameters.emplace(Message(at->second).text(1), Message(at->second));
  CHECK(parameters.size() == 8);
  CHECK(parameters.at("lr").number(4) == 3);
  CHECK(parameters.at("lr").at(6).real(1) == 0.001);
  CHECK(parameters.at("lr").at(6).real(2) == 1.0);
  CHECK(parameters.at("size").at(6).real(2) == 9.0);
  CHECK(parameters.at("Case").number(4) == 2);
  CHECK(parameters.at("optimizer").number(4) == 1);
  CHECK(parameters.at("optimizer").at(5).bytes.count(1) == 7);
  std::set<std::string> metrics;
  for (auto [at, end] = experiment.bytes.equal_range(5); at != end; ++at)
    metrics.insert(Message(at->second).at(1).text(2));
  CHECK(metrics.size() == 8);
  CHECK(metrics.contains("sweep/value"));

  std::map<std::string, std::string> values;
  const EventFile first = event_file(made, "board/0-trial0");
  const Message start = Message(first.plugin.at("_hparams_/session_start_info")).at(3);
  CHECK(start.real(5) == 1'700'000'009.0);
  for (auto [at, end] = start.bytes.equal_range(1); at != end; ++at)
    values[Message(at->second).text(1)] = value_text(Message(at->second).at(2));
  CHECK(values == std::map<std::string, std::string>{{"Case", "true"},
                                                     {"a/../b", "'<b>'"},
                                                     {"case", "2.5"},
                                                     {"lr", "0.01"},
                                                     {"mean", "-0.5"},
                                                     {"nest.depth", "2.0"},
                                                     {"optimizer", "'adam'"},
                                                     {"size", "6.0"}});
  const std::map<std::string, std::uint64_t> states = {{"0-trial0", 1}, {"1-trial1", 2}, {"2-trial2", 2},
                                                       {"3-trial3", 2}, {"4-trial0", 1}, {"5-trial5", 1}};
  for (const auto& [folder, status] : states) {
    INFO(folder);
    const Message end = Message(event_file(made, "board/" + folder).plugin.at("_hparams_/session_end_info")).at(4);
    CHECK(end.number(1) == status);
    CHECK(end.real(2) > 1'700'000'000.0);
  }
  for (const char* folder : {"board/6-trial6", "board/7-trial7"})
    CHECK(!event_file(made, folder).plugin.contains("_hparams_/session_end_info"));
}

TEST_CASE("MLflow finds an experiment and a run for each trial, each file as its reader takes it") {
  const MadeSweep made;
  made.write(ExportFormat::kMlflow, "mlruns");
  const std::string root = std::string("mlruns/") + MadeSweep::kId;
  const std::string uri = "file://" + (made.folder.path() / root).string();
  CHECK(made.read(root + "/meta.yaml")
            .starts_with("artifact_location: \"" + uri +
                         "\"\ncreation_time: 1700000000000\nexperiment_id: "
                         "\"a1b2c3d4e5f60718\"\nlast_update_time: 1700000000000\n"
                         "lifecycle_stage: active\nname: \"<script>\\\\x1b[31m ../nnn"));
  CHECK(made.read(root + "/tags/sweep.goal") == "minimize");

  static const std::regex name_rule("[/A-Za-z0-9_.\\- ]+"), metric_line("[0-9]+ (nan|-?inf|-?[0-9.e+-]+) [0-9]+");
  std::map<std::string, std::string> runs;  // trial → folder
  std::size_t metric_files = 0;
  for (const std::string& file : files_under(made.folder.path() / root)) {
    INFO(file);
    CHECK(std::regex_match(file, name_rule));
    CHECK(fs::path(file).lexically_normal().string() == file);
    const std::size_t slash = file.find('/');
    if (file.ends_with("/tags/sweep.index")) runs[made.read(root + "/" + file)] = root + "/" + file.substr(0, slash);
    if (file.find("/metrics/") == std::string::npos) continue;
    ++metric_files;
    const std::string lines = made.read(root + "/" + file);
    REQUIRE(lines.ends_with('\n'));
    for (std::size_t at = 0; at < lines.size(); at = lines.find('\n', at) + 1)
      CHECK(std::regex_match(lines.substr(at, lines.find('\n', at) - at), metric_line));
  }
  CHECK(metric_files > 10);
  REQUIRE(runs.size() == 8);

  const std::string first = runs.at("0"), id = fs::path(first).filename();
  CHECK(std::regex_match(id, std::regex("[0-9a-f]{32}")));
  CHECK(made.read(first + "/meta.yaml") ==
        "artifact_uri: \"" + uri + "/" + id +
            "/artifacts\"\nend_time: 1700000019000\nentry_point_name: ''\nexperiment_id: \"a1b2c3d4e5f60718\"\n"
            "lifecycle_stage: active\nrun_id: \"" +
            id + "\"\nrun_name: \"0-trial0\"\nrun_uuid: \"" + id +
            "\"\nsource_name: ''\nsource_type: 4\nsource_version: ''\nstart_time: 1700000009000\nstatus: 3\n"
            "tags: []\nuser_id: ''\n");
  CHECK(made.read(first + "/metrics/loss") == "1700000011000 0.5 1\n1700000017000 0.25 2\n1700000018000 0.375 3\n");
  CHECK(made.read(first + "/metrics/sweep/value") == "1700000019000 0.25 2\n");
  CHECK(made.read(first + "/metrics/_." + digest("..")) == "1700000017000 1e+300 2\n");
  CHECK(made.read(first + "/metrics/train/loss") == "1700000011000 nan 1\n");
  CHECK(made.read(first + "/metrics/train" + digest("train")) == "1700000017000 -inf 2\n");
  CHECK(made.read(runs.at("1") + "/metrics/LOSS" + digest("LOSS")) == "1700000022000 1.0 1\n");
  CHECK(made.read(first + "/params/Case") == "true");
  CHECK(made.read(first + "/params/case" + digest("case")) == "2.5");
  CHECK(made.read(first + "/params/a_.._b" + digest("a/../b")) == "<b>");
  CHECK(made.read(first + "/params/nest.depth") == "2");
  CHECK(made.read(runs.at("1") + "/params/optimizer") == "sgd\n\x1b[31m");
  CHECK(made.read(runs.at("2") + "/tags/sweep.detail") == "exit code 1: \\x1b[31m<script>");
  CHECK(made.read(runs.at("4") + "/tags/sweep.repeats") == "0");
  CHECK(made.read(runs.at("4") + "/metrics/loss") == made.read(first + "/metrics/loss"));
  const std::vector<int> states = {3, 4, 4, 4, 3, 3, 1, 2};
  for (std::size_t i = 0; i < states.size(); ++i) {
    CAPTURE(i);
    CHECK(made.read(runs.at(std::to_string(i)) + "/meta.yaml").find("\nstatus: " + std::to_string(states[i]) + "\n") !=
          std::string::npos);
    for (const char* folder : {"artifacts", "metrics", "params", "tags"})
      CHECK(fs::is_directory(made.folder.path() / runs.at(std::to_string(i)) / folder));
  }
}

TEST_CASE("a reused result is exported as it was taken, also while its trial runs again where it ran") {
  const MadeSweep made;
  sweep::Store store(made.folder.path(), sweep::Store::Mode::kReadWrite);
  sweep::SweepRecord taker = MadeSweep::record();
  taker.id = "b1b2c3d4e5f60718";
  taker.trials = 1;
  store.add_sweep(taker);
  sweep::Study study(taker.metric);
  const auto taken = sweep::result_of(store, {MadeSweep::kId, 0}, 0, taker.metric);
  REQUIRE(taken);
  sweep::TrialPlanned planned = events::planned(0);
  planned.config = MadeSweep::config(0.01, "adam");
  const std::int64_t now = MadeSweep::kCreated + 100'000;
  store.append(taker.id, now, {planned, *taken}, study);
  const auto exported = [&] {
    std::vector<sweep::ExportedTrial> trials;
    sweep::read_exported_trials(store, taker.id, [&](const auto& trial) { trials.push_back(trial); });
    REQUIRE(trials.size() == 1);
    std::vector<std::uint64_t> steps;
    for (const auto& point : trials[0].points) steps.push_back(point.step);
    return std::make_pair(trials[0].ended_ms, steps);
  };
  const auto before = exported();
  CHECK(before.second == std::vector<std::uint64_t>{1, 2, 3});
  sweep::Study origin = load_study(store, MadeSweep::kId);
  store.append(
      MadeSweep::kId, now + 1,
      {sweep::TrialReopened{0, "retry"}, events::ordered(0, 2), events::started(0, 2, 0), events::metric(0, 2, 1, 7)},
      origin);
  CHECK(exported() == before);
}

TEST_CASE("an export names what it writes otherwise, and is written the same again") {
  const MadeSweep made;
  for (const ExportFormat format : {ExportFormat::kTensorboard, ExportFormat::kMlflow}) {
    const sweep::SweepExport exported = made.write(format, "one");
    const core::Json about = core::parse_json(made.read("one/sweep-export.json"), "export");
    CHECK(about["renamed"]["metrics"] == core::Json(exported.metrics));
    CHECK(about["renamed"]["parameters"] == core::Json(exported.parameters));
    CHECK(about["format"] == name(format));
    CHECK(about["trials"] == 8);
    CHECK(exported.metrics.at(std::string(160, 'n') + digest(MadeSweep::kLongName)) == MadeSweep::kLongName);
    const std::set<std::string> files = files_under(made.folder.path() / "one");
    std::map<std::string, std::string> before;
    for (const std::string& file : files) before[file] = made.read("one/" + file);
    CHECK_THROWS_AS(made.write(format, "one"), core::UserError);
    made.write(format, "one", /*force=*/true);
    CHECK(files_under(made.folder.path() / "one") == files);
    for (const std::string& file : files) CHECK(made.read("one/" + file) == before[file]);
    fs::remove_all(made.folder.path() / "one");
  }
}

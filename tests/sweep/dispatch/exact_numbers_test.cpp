// A number on its whole way: sweep file → plan → trial document → command line → event → store → report. The same bits
// at each station, and an integer stays an integer, a float a float.
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/philox.h"
#include "protocol/event.h"
#include "sweep/program/command_line.h"
#include "sweep/report/report.h"
#include "sweep/search/trials.h"
#include "sweep/store/event_text.h"
#include "sweep/store/store.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"

using core::Json;

namespace {

constexpr std::size_t kNumbers = 1'000'000;
constexpr std::size_t kInStore = 20'000;  // of them go through SQLite

std::uint64_t bits_of(double number) { return std::bit_cast<std::uint64_t>(number); }

// Any finite double is as likely as any other; every eighth is subnormal.
std::vector<double> random_doubles() {
  std::vector<double> numbers = {0.0,
                                 -0.0,
                                 std::numeric_limits<double>::denorm_min(),
                                 std::numeric_limits<double>::max(),
                                 std::numeric_limits<double>::lowest(),
                                 1e16,
                                 1e-5,
                                 123456789012345680.0,
                                 0.1,
                                 3.0};
  for (std::uint32_t i = 0; numbers.size() < kNumbers; ++i) {
    const core::Philox4 words = core::philox(core::Philox4{{i, 0, 0, 0}}, 20261126);
    std::uint64_t bits = std::uint64_t{words.word[0]} << 32 | words.word[1];
    if (i % 8 == 0) bits &= 0x800fffffffffffffu;
    if (const double number = std::bit_cast<double>(bits); std::isfinite(number)) numbers.push_back(number);
  }
  return numbers;
}

double parsed(std::string_view text) {
  double number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  return result.ec == std::errc() && result.ptr == text.data() + text.size() ? number
                                                                             : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

TEST_CASE("a million doubles keep their bits from the sweep file to the report") {
  const std::vector<double> numbers = random_doubles();
  std::string file = R"({"method": "grid", "metric": {"name": "m", "goal": "minimize"}, "command": ["./p", "${args}"],
    "parameters": {"x": {"values": [)";
  for (const double number : numbers) file += core::format_double(number) + ",";
  file.back() = ']';
  file += "}}}";
  const sweep::TrialPlan plan(sweep::read_spec(file, "numbers.json"), {"program/1:x", nullptr, "external"});
  REQUIRE(plan.count() == kNumbers - 1);  // 0.0 and -0.0 are one value of a grid, the last spelling stays

  std::size_t in_config = 0, in_document = 0, on_command_line = 0, in_event = 0, in_store = 0;
  for (std::uint64_t i = 0; i < plan.count(); ++i) {
    const std::uint64_t bits = bits_of(numbers[i + 1]);
    const sweep::PlannedTrial trial = plan.trial(i);
    in_config += trial.config["x"].is_number_float() && bits_of(trial.config["x"]) == bits;

    protocol::TrialDocument document;
    document.config = trial.config;
    const auto read = protocol::TrialDocument::from_json(
        core::parse_json(core::canonical_json(document.to_json()), "document"), "document");
    in_document += read.config["x"].is_number_float() && bits_of(read.config["x"]) == bits;

    const std::string argument =
        sweep::expand_command(*plan.spec().program, plan.spec().parameters, trial.config, {}).at(1);
    on_command_line += bits_of(parsed(std::string_view(argument).substr(4))) == bits;

    protocol::MetricValues values{1, std::nullopt, {{"m", trial.config["x"].get<double>()}}};
    const protocol::Event event{0, values, Json::object()};
    const protocol::Event heard = protocol::Event::parse(event.line(), "event");
    in_event += bits_of(std::get<protocol::MetricValues>(heard.body).values.at("m")) == bits;

    const sweep::StudyEvent planned = sweep::TrialPlanned{i, 0, trial.id, trial.config, trial.seed, std::nullopt};
    const auto back = std::get<sweep::TrialPlanned>(sweep::from_text(sweep::to_text(planned), "store"));
    in_store += back.config["x"].is_number_float() && bits_of(back.config["x"]) == bits;
  }
  CHECK(in_config == plan.count());
  CHECK(in_document == plan.count());
  CHECK(on_command_line == plan.count());
  CHECK(in_event == plan.count());
  CHECK(in_store == plan.count());
}

TEST_CASE("values and metrics come out of the database and stand in CSV and JSON with the bits that went in") {
  const std::vector<double> numbers = random_doubles();
  const TemporaryFolder folder;
  const std::optional<protocol::Metric> metric =
      protocol::Metric{"m", protocol::Goal::kMinimize, protocol::Reduce::kBest};
  sweep::Store store(folder.path(), sweep::Store::Mode::kReadWrite);
  sweep::SweepRecord record;
  record.id = "0123456789abcdef";
  record.metric = metric;
  record.trials = kInStore;
  store.add_sweep(record);
  sweep::Study written(metric);
  std::vector<sweep::StudyEvent> events;
  for (std::uint64_t i = 0; i < kInStore; ++i) {
    const double number = numbers[i];
    protocol::MetricValues values{1, std::nullopt, {{"m", number}}};
    events.push_back(sweep::TrialPlanned{i, 0, "t" + std::to_string(i), {{"x", number}, {"n", 3}}, 1, std::nullopt});
    events.push_back(sweep::AttemptOrdered{i, 0, "cpu:0", "cpu", "", ""});
    events.push_back(sweep::TrainerSaid{i, 0, {0, values, Json::object()}});
    events.push_back(sweep::AttemptEnded{i, 0, protocol::Outcome::kCompleted, "", 0, false});
  }
  store.append(record.id, 0, events, written);

  sweep::Study study(metric);
  store.read_events(record.id, true, [&](const sweep::StoredEvent& stored) { study.apply(stored.event); });
  const std::vector<sweep::Row> rows = sweep::rank(study);
  sweep::SweepHead head;
  head.trials = kInStore;
  head.metric = metric;
  std::size_t same = 0;
  const Json report = core::parse_json(core::canonical_json(sweep::report_json(head, rows)), "report");
  for (const Json& row : report.at("trials")) {
    const std::uint64_t bits = bits_of(numbers[row.at("index").get<std::size_t>()]);
    same += bits_of(row.at("value")) == bits && bits_of(row.at("config").at("x")) == bits &&
            row.at("config").at("x").is_number_float() && row.at("config").at("n").is_number_integer();
  }
  CHECK(same == kInStore);

  const std::string csv = sweep::report_csv(head, rows, {.columns = {"index", "m", "x"}});
  same = 0;
  for (std::size_t at = csv.find('\n') + 1; at < csv.size(); at = csv.find('\n', at) + 1) {
    const std::string line = csv.substr(at, csv.find('\n', at) - at);
    const std::size_t first = line.find(','), second = line.find(',', first + 1);
    const std::uint64_t bits = bits_of(numbers[std::stoul(line.substr(0, first))]);
    same += bits_of(parsed(line.substr(first + 1, second - first - 1))) == bits &&
            bits_of(parsed(line.substr(second + 1))) == bits;
  }
  CHECK(same == kInStore);
}

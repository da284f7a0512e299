// From a sweep file to something runnable, and back from its record; one real attempt outside of a sweep.
#include "sweep/dispatch/prepare.h"

#include <sys/syscall.h>

#include <cerrno>
#include <fstream>

#include "core/error.h"
#include "sweep/dispatch/attempt.h"
#include "sweep/dispatch/data.h"
#include "sweep/dispatch/fast_class.h"
#include "tests/catch.h"
#include "tests/children/children.h"
#include "tests/fakes/own_process.h"
#include "tests/fakes/refused_call.h"
#include "tests/temporary_folder.h"

using sweep::Overrides;
using sweep::Prepared;

namespace {

namespace fs = std::filesystem;

constexpr char kText[] = R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"}, "name": "tiny",
  "parameters": {"x": {"values": [1, 2, 3]}}, "resources": {"threads": 2}, "device": "cpu"})";

constexpr char kFastText[] = R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"},
  "parameters": {"x": {"values": [1]}}, "numerics": "fast"})";

// A sweep file for the trainer that trains nothing.
struct Place {
  explicit Place(const std::string& text = kText) {
    std::ofstream(file) << text;
    overrides.trainer = child("noop");
  }
  TemporaryFolder folder;
  fs::path file = folder.path() / "tiny.json", runs = folder.path() / "runs";
  Overrides overrides;
};

// With nothing known of any file.
protocol::DataSource find_data(const std::string& name, const protocol::DataOptions& options, const fs::path& file) {
  core::KnownDigests known;
  return sweep::find_data(name, options, file, known);
}

std::string message(const std::function<void()>& action) {
  try {
    action();
  } catch (const core::UserError& error) {
    return error.what();
  } catch (const core::EnvironmentError& error) {
    return error.what();
  }
  return "nothing";
}

}  // namespace

TEST_CASE("a prepared sweep has its trials, its trainer frozen by digest, and a record that says all of it") {
  const Place place;
  const Prepared prepared = sweep::prepare_file(place.file, place.runs, place.overrides);
  CHECK(prepared.plan.count() == 3);
  CHECK(prepared.trainer.builtin->identity == "noop/1");
  CHECK(prepared.trainer.builtin->executable == place.runs / "trainers" / prepared.trainer.builtin->sha256);
  CHECK(fs::file_size(prepared.trainer.builtin->executable) == fs::file_size(child("noop")));
  CHECK(prepared.hardware.device == "cpu");
  CHECK(prepared.threads == 2);
  CHECK(prepared.record.id == prepared.plan.sweep_id());
  CHECK(prepared.record.text == kText);
  CHECK(prepared.record.name == "tiny");
  CHECK(prepared.record.method == "grid");
}

TEST_CASE("a recorded sweep is prepared without its file, with the flags that changed it") {
  Place place;
  place.overrides.seed = 17;
  place.overrides.count = 2;
  const Prepared first = sweep::prepare_file(place.file, place.runs, place.overrides);
  fs::remove(place.file);
  const Prepared again = sweep::prepare_recorded(first.record, place.runs, {});
  CHECK(again.plan.sweep_id() == first.plan.sweep_id());
  CHECK(again.plan.count() == 2);
  CHECK(again.spec().seed == 17);
  CHECK(again.trainer.builtin->executable == first.trainer.builtin->executable);
  CHECK(again.plan.trial(1).id == first.plan.trial(1).id);
}

TEST_CASE("a sweep that was begun keeps its metric, whatever one that names none gets now") {
  const Place place(R"({"method": "grid", "parameters": {"x": {"values": [1]}}, "device": "cpu"})");
  const Prepared first = sweep::prepare_file(place.file, place.runs, place.overrides);
  sweep::SweepRecord begun = first.record;
  begun.metric = protocol::Metric{"val_loss", protocol::Goal::kMinimize, protocol::Reduce::kBest};
  sweep::Spec spec = first.spec();
  CHECK(*spec.metric != *begun.metric);
  spec.metric = begun.metric;
  begun.id = sweep::TrialPlan(spec, first.plan.identity()).sweep_id();
  CHECK(begun.id != first.record.id);
  CHECK(*sweep::prepare_recorded(begun, place.runs, {}).spec().metric == *begun.metric);
  CHECK(sweep::recorded_plan(begun));
}

TEST_CASE("a trainer that cannot be started is told by what the system said") {
  const std::string said = in_a_process([]() -> std::string {
    for (const long call : {SYS_clone, SYS_clone3, SYS_vfork})
      if (!refuse_call(call, EAGAIN)) return kNoFilters;
    return message([] { sweep::ask_trainer(child("noop")); });
  });
  CHECK(said ==
        child("noop") +
            ": cannot be started: Resource temporarily unavailable, raise the limit of processes (`ulimit -u`)");
}

TEST_CASE("a frozen trainer that changed or went away is named") {
  const Place place;
  const Prepared prepared = sweep::prepare_file(place.file, place.runs, place.overrides);
  const fs::path frozen = prepared.trainer.builtin->executable;
  fs::permissions(frozen, fs::perms::owner_all);
  std::ofstream(frozen, std::ios::app) << "x";
  CHECK(message([&] { sweep::prepare_recorded(prepared.record, place.runs, {}); }) ==
        frozen.string() + ": the sweep's trainer has changed, put it back");
  fs::remove(frozen);
  CHECK(message([&] { sweep::prepare_recorded(prepared.record, place.runs, {}); }) ==
        frozen.string() + ": the sweep's trainer is gone, put it back");
}

TEST_CASE("numerics fast where the trainer cannot compute them are refused in its words") {
  const Place place(kFastText);
  CHECK(message([&] { sweep::plan_file(place.file, place.runs, place.overrides); }) ==
        "numerics fast: cuda: no NVIDIA GPU is visible, it takes an NVIDIA GPU with its driver: where there is none "
        "write `numerics: portable` in the sweep file");
  CHECK_THROWS_AS(sweep::plan_file(place.file, place.runs, place.overrides), core::EnvironmentError);
  CHECK_FALSE(fs::exists(place.runs));
}

TEST_CASE("a sweep of fast-1 is known by its class of device, and does not go on on another") {
  const Place place(kFastText);
  ::setenv("NOOP_FAST", R"({"gpu":"H","multiprocessors":132})", 1);
  const sweep::Planned planned = sweep::plan_file(place.file, place.runs, place.overrides);
  const core::Json numerics = planned.plan.identity().numerics;
  CHECK(core::canonical_json(numerics) == R"({"fast-1":{"gpu":"H","multiprocessors":132}})");
  CHECK(sweep::is_fast(numerics));
  CHECK_FALSE(sweep::is_fast("portable-1"));
  CHECK_FALSE(sweep::is_fast({{"external", {{"threads", 1}}}}));
  sweep::SweepRecord record;
  record.id = "a1";
  record.identity = {{"numerics", numerics}};
  CHECK(message([&] { check_fast_class(record, *planned.trainer.builtin); }) == "nothing");

  ::setenv("NOOP_FAST", R"({"gpu":"H","multiprocessors":131})", 1);
  CHECK(sweep::plan_file(place.file, place.runs, place.overrides).plan.sweep_id() != planned.plan.sweep_id());
  CHECK(message([&] { check_fast_class(record, *planned.trainer.builtin); }) ==
        R"(sweep a1: was made on {"gpu":"H","multiprocessors":132}, and here is {"gpu":"H","multiprocessors":131}, )"
        "trials of numerics fast are only comparable on the same class of device");
  ::unsetenv("NOOP_FAST");
  record.identity = {{"numerics", "portable-1"}};
  CHECK(message([&] { check_fast_class(record, *planned.trainer.builtin); }) == "nothing");
}

TEST_CASE("a trainer that is none is named") {
  CHECK(message([] { sweep::ask_trainer("/no/trainer"); }).starts_with("/no/trainer: there is no trainer here"));
  CHECK(message([] {
          sweep::ask_trainer(child("exit_code"));
        }).starts_with(child("exit_code") + ": does not answer --describe"));
}

TEST_CASE("options of the data are part of its digest, recorded, and used again when a sweep goes on") {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "sweep.json", data = folder.path() / "set.csv";
  std::ofstream(data) << "a,b,c\n1,2,0\n3,4,1\n";
  const protocol::DataOptions options{.label = "b", .regression = true};
  core::KnownDigests known;
  const auto plain = find_data("set.csv", {}, file), read = find_data("set.csv", options, file);
  CHECK(read.options == options);
  CHECK(read.sha256 != plain.sha256);
  sweep::SweepRecord record;
  record.file = file.string();
  record.data = read.to_json();
  CHECK(sweep::find_recorded_data(record, known) == read);
  CHECK(plain.to_json().contains("options") == false);
}

TEST_CASE("data lies beside the sweep file, in ./data or in SWEEP_DATA, and its digest goes by contents") {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "sweep.json", data = folder.path() / "set.csv";
  std::ofstream(data) << "a,b,label\n1,2,0\n3,4,1\n";
  const auto found = find_data("set.csv", {}, file);
  CHECK(found.path == data.string());
  CHECK(found.name == "set.csv");

  fs::create_directory(folder.path() / "elsewhere");
  fs::rename(data, folder.path() / "elsewhere" / "set.csv");
  CHECK(message([&] { find_data("set.csv", {}, file); }).find("set.csv") != std::string::npos);
  ::setenv("SWEEP_DATA", (folder.path() / "elsewhere").c_str(), 1);
  CHECK(find_data("set.csv", {}, file).sha256 == found.sha256);
  ::unsetenv("SWEEP_DATA");
}

TEST_CASE("data that changed by one byte is refused with both digests, data that moved is found by its name") {
  Place place(R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"}, "data": "set.csv",
    "parameters": {"x": {"values": [1]}}, "device": "cpu"})");
  const fs::path data = place.folder.path() / "set.csv";
  std::ofstream(data) << "a,label\n1,0\n2,1\n";
  const Prepared first = sweep::prepare_file(place.file, place.runs, place.overrides);
  std::ofstream(data) << "a,label\n1,0\n3,1\n";
  const std::string text = message([&] { sweep::prepare_recorded(first.record, place.runs, {}); });
  CHECK(text.find(first.data->sha256) != std::string::npos);
  CHECK(text.find(find_data("set.csv", {}, place.file).sha256) != std::string::npos);

  std::ofstream(data) << "a,label\n1,0\n2,1\n";
  fs::create_directory(place.folder.path() / "moved");
  fs::rename(data, place.folder.path() / "moved" / "set.csv");
  ::setenv("SWEEP_DATA", (place.folder.path() / "moved").c_str(), 1);
  CHECK(sweep::prepare_recorded(first.record, place.runs, {}).data->path ==
        (place.folder.path() / "moved" / "set.csv").string());
  ::unsetenv("SWEEP_DATA");
}

TEST_CASE("no GPU where one was asked for is said with the way out") {
  Place place;
  place.overrides.device = sweep::Device::kCuda;
  CHECK(message([&] { sweep::prepare_file(place.file, place.runs, place.overrides); }) ==
        "device cuda: the trainer was built without CUDA, use --device cpu: the results are the same, bit for bit");
}

TEST_CASE("one attempt outside of a sweep gives its events and its outcome, and stops when told to") {
  const Place place;
  const Prepared prepared = sweep::prepare_file(place.file, place.runs, place.overrides);
  const fs::path folder = place.folder.path() / "attempt";
  sweep::AttemptRequest request = sweep::make_attempt(prepared, prepared.plan.trial(0), folder, folder / "checkpoints");
  std::vector<std::string> names;
  const auto note = [&](const std::vector<protocol::Event>& events) {
    for (const protocol::Event& event : events) names.emplace_back(protocol::event_name(event));
    return true;
  };
  const sweep::AttemptResult result = sweep::run_attempt(request, note);
  CHECK(result.outcome == protocol::Outcome::kCompleted);
  CHECK(result.detail.empty());
  CHECK(names == std::vector<std::string>{"started", "metric", "finished"});

  request.argv = {child("hang")};
  const auto enough = [](const std::vector<protocol::Event>&) { return false; };
  CHECK(sweep::run_attempt(request, enough).outcome == protocol::Outcome::kCancelled);

  request.argv = {child("exit_code"), "3"};
  CHECK(sweep::run_attempt(request, note).detail == "exit code 3: the last line");
  request.argv = {"/no/such/program"};
  CHECK(sweep::run_attempt(request, note).detail == "/no/such/program: cannot be started: No such file or directory");
}

// See prepare.h.
#include "sweep/dispatch/prepare.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "core/digest.h"
#include "core/error.h"
#include "core/files.h"
#include "protocol/data_set.h"
#include "protocol/files.h"
#include "sweep/provenance/program_output.h"
#include "sweep/provenance/provenance.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

constexpr auto kDescribePatience = std::chrono::seconds(20);

// The file's path made absolute, without following links in its last parts.
fs::path absolute_path(const fs::path& path) { return fs::absolute(path).lexically_normal(); }

SpecOverrides in_spec(const Overrides& overrides) {
  return {.method = overrides.method, .seed = overrides.seed, .run_cap = overrides.count};
}

fs::path trainer_place(const fs::path& runs, const std::string& sha256) {
  return absolute_path(runs) / protocol::kTrainersFolder / sha256;
}

// Keeps the executable as it is now, under its digest: a build in the middle of a sweep changes nothing, and a replay
// in a year runs the same bytes.
TrainerCommand freeze(const TrainerCommand& asked, const fs::path& runs) {
  const fs::path place = trainer_place(runs, asked.sha256);
  if (!fs::exists(place)) {
    core::write_file_durably(place, core::read_file(asked.argv[0]));
    ::chmod(place.c_str(), 0555);
  }
  if (core::sha256_file(place) != asked.sha256)
    throw core::EnvironmentError(place.string(), "is not the executable that its name says", "delete it");
  TrainerCommand frozen = asked;
  frozen.argv = {place.string()};
  return frozen;
}

struct Hardware {
  std::string device;
  std::vector<std::string> gpus;
};

std::vector<std::string> gpu_uuids() {
  std::vector<std::string> uuids;
  const Json gpus = gpu_provenance();
  if (gpus.is_array())
    for (const Json& gpu : gpus) uuids.push_back(gpu.at("uuid").get<std::string>());
  return uuids;
}

// `word`: a number, or the beginning of a UUID.
std::optional<std::string> find_gpu(const std::vector<std::string>& present, const std::string& word) {
  const bool is_number = !word.empty() && word.size() < 4 && word.find_first_not_of("0123456789") == std::string::npos;
  if (is_number && std::stoul(word) < present.size()) return present[std::stoul(word)];
  for (const std::string& uuid : present)
    if (!is_number && !word.empty() && uuid.starts_with(word)) return uuid;
  return std::nullopt;
}

std::vector<std::string> choose_gpus(const std::vector<std::string>& present, const std::vector<std::string>& wanted) {
  std::vector<std::string> chosen;
  for (const std::string& word : wanted) {
    const auto uuid = find_gpu(present, word);
    if (!uuid)
      throw core::EnvironmentError("--gpus", fmt::format("there is no GPU '{}'", word),
                                   fmt::format("this machine has {}", present.size()));
    if (std::find(chosen.begin(), chosen.end(), *uuid) == chosen.end()) chosen.push_back(*uuid);
  }
  return chosen;
}

bool can_use_gpus(const Json& description) {
  const Json devices = description.value("devices", Json::array());
  return std::find(devices.begin(), devices.end(), Json("cuda")) != devices.end();
}

Hardware choose_hardware(Device wanted, const Json& description, const Overrides& overrides) {
  const bool none = overrides.gpus && overrides.gpus->empty();
  if (wanted == Device::kCuda && none)
    throw core::UserError("--gpus", "none, but the device is cuda", "use --device cpu");
  if (wanted == Device::kCpu || none) return {"cpu", {}};
  const bool trainer_can = can_use_gpus(description);
  std::vector<std::string> gpus = trainer_can ? gpu_uuids() : std::vector<std::string>();
  if (!gpus.empty() && overrides.gpus) gpus = choose_gpus(gpus, *overrides.gpus);
  if (!gpus.empty()) return {"cuda", gpus};
  if (wanted == Device::kAuto && !overrides.gpus) return {"cpu", {}};
  throw core::EnvironmentError(overrides.gpus ? "--gpus" : "device cuda",
                               trainer_can ? "nvidia-smi finds no GPU" : "the trainer was built without CUDA",
                               "use --device cpu: the results are the same, bit for bit");
}

void check_numerics(const Spec& spec) {
  if (spec.numerics == Numerics::kFast)
    throw core::EnvironmentError("numerics fast", "is not in this version", "use portable");
}

SweepRecord make_record(const TrialPlan& plan, const fs::path& file, std::string text, const Overrides& overrides,
                        const TrainerCommand& trainer, const std::optional<protocol::DataSource>& data) {
  const Spec& spec = plan.spec();
  SweepRecord record;
  record.id = plan.sweep_id();
  record.name = spec.name.empty() ? file.stem().string() : spec.name;
  record.file = absolute_path(file).string();
  record.text = std::move(text);
  record.overrides = overrides.recorded();
  record.identity = {
      {"trainer", plan.identity().trainer}, {"data", plan.identity().data}, {"numerics", plan.identity().numerics}};
  record.data = data ? data->to_json() : Json(nullptr);
  record.trainer_sha256 = trainer.sha256;
  record.method = name(spec.method);
  record.seed = spec.seed;
  record.metric = spec.metric;
  record.trials = plan.count();
  return record;
}

// Data of a recorded sweep: where it was, else where a name is looked for; the digest decides.
std::optional<protocol::DataSource> find_recorded_data(const SweepRecord& record) {
  if (record.data.is_null()) return std::nullopt;
  const auto recorded = protocol::DataSource::from_json(record.data, "the record of sweep " + record.id);
  const bool still_there = recorded.path.empty() || fs::exists(recorded.path);
  protocol::DataSource found =
      find_data(still_there && !recorded.path.empty() ? recorded.path : recorded.name, record.file);
  found.name = recorded.name;
  if (found.sha256 != recorded.sha256)
    throw core::UserError(
        "data " + recorded.name,
        fmt::format("has changed: its digest is {}, and that of the sweep's data {}", found.sha256, recorded.sha256),
        fmt::format("put the data back to {} or run a new sweep",
                    recorded.path.empty() ? recorded.name : recorded.path));
  return found;
}

}  // namespace

Json Overrides::recorded() const {
  Json json = Json::object();
  if (seed) json["seed"] = *seed;
  if (count) json["count"] = *count;
  if (method) json["method"] = name(*method);
  return json;
}

Overrides Overrides::from_recorded(const Json& json) {
  Overrides overrides;
  if (json.contains("seed")) overrides.seed = json.at("seed").get<std::uint64_t>();
  if (json.contains("count")) overrides.count = json.at("count").get<std::uint64_t>();
  if (json.contains("method"))
    overrides.method = json.at("method") == name(Method::kGrid) ? Method::kGrid : Method::kRandom;
  return overrides;
}

fs::path find_trainer(const Overrides& overrides) {
  if (!overrides.trainer.empty()) return overrides.trainer;
  if (const char* named = std::getenv("SWEEP_TRAINER"); named != nullptr && *named != '\0') return named;
  return fs::read_symlink("/proc/self/exe").parent_path() / "sweep-trainer";
}

TrainerCommand ask_trainer(const fs::path& executable) {
  if (!fs::is_regular_file(executable))
    throw core::EnvironmentError(executable.string(), "there is no trainer here", "build sweep-trainer beside sweep");
  const fs::path path = absolute_path(executable);
  const auto answer = program_output({path.string(), "--describe"}, kDescribePatience);
  const Json description =
      answer && answer->code == 0 ? Json::parse(answer->out, nullptr, /*allow_exceptions=*/false) : Json();
  if (!description.is_object() || !description.contains("identity") || !description["identity"].is_string())
    throw core::EnvironmentError(path.string(), "does not answer --describe", "name a build of sweep-trainer");
  return {{path.string()}, description["identity"].get<std::string>(), core::sha256_file(path), description};
}

TrainerCommand frozen_trainer(const SweepRecord& record, const fs::path& runs) {
  const fs::path place = trainer_place(runs, record.trainer_sha256);
  if (!fs::exists(place)) throw core::EnvironmentError(place.string(), "the sweep's trainer is gone", "put it back");
  if (core::sha256_file(place) != record.trainer_sha256)
    throw core::EnvironmentError(place.string(), "the sweep's trainer has changed", "put it back");
  TrainerCommand trainer = ask_trainer(place);
  if (trainer.identity != record.identity.at("trainer"))
    throw core::EnvironmentError(place.string(), "calls itself " + trainer.identity + " on this machine",
                                 "the sweep is of " + record.identity.at("trainer").get<std::string>());
  return trainer;
}

void check_names_data(const Spec& spec, const TrainerCommand& trainer, const fs::path& sweep_file) {
  const auto builtin = trainer.description.find("data");
  if (!spec.data.empty() || builtin == trainer.description.end() || builtin->empty()) return;
  throw core::UserError(
      sweep_file.string(), "names no data set",
      "add \"data\": a path, a known name, or \"builtin:" + builtin->back().get<std::string>() + "\"");
}

protocol::DataSource find_data(const std::string& name, const fs::path& sweep_file) {
  if (protocol::is_builtin(name)) return {name, "", protocol::data_digest(protocol::locate_data(name))};
  std::vector<fs::path> places;
  if (fs::path(name).is_absolute()) {
    places.push_back(name);
  } else {
    places.push_back(absolute_path(sweep_file).parent_path() / name);
    places.push_back(absolute_path(fs::path("data") / name));
    if (const char* folder = std::getenv("SWEEP_DATA"); folder != nullptr && *folder != '\0')
      places.push_back(absolute_path(fs::path(folder) / name));
  }
  const auto found =
      std::find_if(places.begin(), places.end(), [](const fs::path& place) { return fs::exists(place); });
  const protocol::KnownData* known = protocol::find_known_data(name);
  if (found == places.end()) {
    std::string tried;
    for (const fs::path& place : places) tried += (tried.empty() ? "" : ", ") + place.string();
    throw core::UserError({{"data " + name, "is not at " + tried, "put it there, or name its folder in SWEEP_DATA",
                            known ? protocol::wanted_files(*known) : std::string()}});
  }
  const protocol::DataSet data = protocol::locate_data(found->string());
  if (known) protocol::check_published(*known, data);
  return {name, absolute_path(*found).string(), protocol::data_digest(data)};
}

Planned plan_file(const fs::path& file, const Overrides& overrides) {
  std::string text = core::read_file(file, kMaxSweepFileBytes);
  Spec spec = read_spec(text, file, in_spec(overrides));
  check_numerics(spec);
  TrainerCommand trainer = ask_trainer(find_trainer(overrides));
  check_hyperparameters(spec, trainer.description, text, file);
  check_names_data(spec, trainer, file);
  std::optional<protocol::DataSource> data;
  if (!spec.data.empty()) data = find_data(spec.data, file);
  TrialPlan plan(std::move(spec), {trainer.identity, data ? Json(data->sha256) : Json(nullptr), "portable-1"});
  return {std::move(text), std::move(plan), std::move(trainer), std::move(data)};
}

Prepared prepare_file(const fs::path& file, const fs::path& runs, const Overrides& overrides) {
  Planned planned = plan_file(file, overrides);
  const Spec& spec = planned.plan.spec();
  const Hardware hardware =
      choose_hardware(overrides.device.value_or(spec.device), planned.trainer.description, overrides);
  const int threads = overrides.threads.value_or(spec.resources.threads);
  std::vector<core::Problem> warnings = spec.warnings;
  const TrainerCommand trainer = freeze(planned.trainer, runs);
  SweepRecord record = make_record(planned.plan, file, std::move(planned.text), overrides, trainer, planned.data);
  return {std::move(planned.plan), trainer, planned.data,        hardware.device,
          hardware.gpus,           threads, std::move(warnings), std::move(record)};
}

Prepared prepare_recorded(const SweepRecord& record, const fs::path& runs, const Overrides& overrides) {
  Spec spec = read_spec(record.text, record.file, in_spec(Overrides::from_recorded(record.overrides)));
  check_numerics(spec);
  const TrainerCommand trainer = frozen_trainer(record, runs);
  const auto data = find_recorded_data(record);
  const Hardware hardware = choose_hardware(overrides.device.value_or(spec.device), trainer.description, overrides);
  const int threads = overrides.threads.value_or(spec.resources.threads);

  TrialPlan plan(std::move(spec), {trainer.identity, record.identity.at("data"), record.identity.at("numerics")});
  if (plan.sweep_id() != record.id)
    throw core::EnvironmentError("sweep " + record.id,
                                 "was recorded by another version, which reads its file differently",
                                 "go on with that version");
  return {std::move(plan), trainer, data, hardware.device, hardware.gpus, threads, {}, record};
}

protocol::TrialDocument trial_document(const Prepared& prepared, const PlannedTrial& trial) {
  protocol::TrialDocument document;
  document.sweep = prepared.record.id;
  document.trial = trial.id;
  document.index = trial.index;
  document.replicate = trial.replicate;
  document.seed = trial.seed;
  document.config = trial.config;
  document.device = prepared.device;
  document.threads = prepared.threads;
  document.data = prepared.data;
  document.metric = prepared.spec().metric;
  if (!prepared.gpus.empty()) document.gpu = prepared.gpus.front();
  return document;
}

}  // namespace sweep

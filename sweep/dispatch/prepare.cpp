// See prepare.h.
#include "sweep/dispatch/prepare.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/files.h"
#include "core/utf8.h"
#include "protocol/algorithms.h"
#include "protocol/files.h"
#include "sweep/dispatch/data.h"
#include "sweep/dispatch/demands.h"
#include "sweep/dispatch/fast_class.h"
#include "sweep/program/printed_metrics.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

SpecOverrides in_spec(const Overrides& overrides) {
  return {.method = overrides.method,
          .seed = overrides.seed,
          .run_cap = overrides.count,
          .ignore_early_terminate = overrides.ignore_early_terminate};
}

void check_device(const core::Json& numerics, const Hardware& hardware) {
  if (!is_fast(numerics)) return;
  (void)device_class(hardware);  // GPUs of one model: the trainer was asked of the first
  if (hardware.device == name(Device::kCpu))
    throw core::UserError("numerics fast", "is that of a GPU, and the device is cpu",
                          "write `numerics: portable` in the sweep file, or `device: cuda` (--device cuda)");
}

// A program whose arithmetic is not ours promises its bits on one class of device only, and for one number of threads.
Json external_numerics(const Hardware& hardware, int threads) {
  return {{kExternalNumerics, {{"device", device_class(hardware)}, {"threads", threads}}}};
}

// The digest of the data set; where there are inputs an object that holds theirs as well, by path.
Json data_identity(const std::optional<protocol::DataSource>& data, const Json& inputs) {
  const Json digest = data ? Json(data->sha256) : Json(nullptr);
  return inputs.empty() ? digest : Json{{"data", digest}, {"inputs", inputs}};
}

// The built-in trainer trains on a data set, and must be given one.
void check_names_data(const Spec& spec, const BuiltinTrainer& trainer, const fs::path& sweep_file) {
  const auto builtin = trainer.description.find("data");
  if (!spec.data.empty() || builtin == trainer.description.end() || builtin->empty()) return;
  throw core::UserError(
      sweep_file.string(), "names no data set",
      "add \"data\": a path, a known name, or \"builtin:" + builtin->back().get<std::string>() + "\"");
}

SweepRecord make_record(const Planned& planned, const fs::path& file, const Overrides& overrides,
                        const Hardware& hardware) {
  const TrialPlan& plan = planned.plan;
  const Spec& spec = plan.spec();
  SweepRecord record;
  record.id = plan.sweep_id();
  record.name = spec.name.empty() ? core::valid_utf8(file.stem().string()) : spec.name;
  record.file = core::absolute_path(file).string();
  record.text = planned.text;
  record.overrides = overrides.recorded();
  record.identity = {
      {"trainer", plan.identity().trainer}, {"data", plan.identity().data}, {"numerics", plan.identity().numerics}};
  record.data = planned.data ? planned.data->to_json() : Json(nullptr);
  if (planned.trainer.builtin) record.trainer_sha256 = planned.trainer.builtin->sha256;
  if (planned.trainer.program) {
    record.program = planned.trainer.program->record();
    record.program["device"] = hardware.device;
  }
  record.method = name(spec.method);
  record.seed = spec.seed;
  record.metric = spec.metric;
  record.target = spec.target;
  record.repeats = spec.repeats;
  record.trials = plan.count();
  return record;
}

// Runs `find`; with kWarning what is not there becomes a warning.
template <class Find>
void look_for(Missing missing, std::vector<core::Problem>& warnings, const Find& find) {
  try {
    find();
  } catch (const core::UserError& error) {
    if (missing == Missing::kError) throw;
    warnings.insert(warnings.end(), error.problems().begin(), error.problems().end());
  }
}

// The inputs of a recorded sweep as they are now. Errors: UserError where one has changed.
void check_inputs(const Spec& spec, const SweepRecord& record) {
  const Json& data = record.identity.at("data");
  if (!data.is_object()) return;
  const Json now = input_digests(spec.inputs, fs::path(record.file).parent_path());
  for (const auto& [path, digest] : data.at("inputs").items())
    if (now.at(path) != digest)
      throw core::UserError("input " + path,
                            fmt::format("has changed: its digest is {}, and that of the sweep's input {}",
                                        now.at(path).get<std::string>(), digest.get<std::string>()),
                            "put it back or run a new sweep");
}

// What would fail at the first start, or at each, is said before anything runs.
void try_start(const ReadyProgram& program, const TrialPlan& plan, std::vector<core::Problem>& warnings) {
  const ProgramStart start = start_of(program, plan.trial(0), "/attempt");
  warnings.insert(warnings.end(), start.warnings.begin(), start.warnings.end());
  if (!start.executable_found) {
    const std::string& written = program.program.command.front();
    const bool may_be_secret = written.find("${envvar:") != std::string::npos;
    throw core::UserError(
        program.program.command_place,
        fmt::format("command: there is no program '{}'", may_be_secret ? written : start.argv.front()),
        "write its path, or install it");
  }
  const auto& metric = plan.spec().metric;
  PrintedMetrics(program.program.read_metrics, metric ? std::optional(metric->name) : std::nullopt);
}

Device recorded_device(const SweepRecord& record, const Overrides& overrides, const Spec& spec) {
  if (overrides.device) return *overrides.device;
  if (!record.program.is_object()) return spec.device;
  return record.program.at("device") == "cuda" ? Device::kCuda : Device::kCpu;
}

// Where the results of a program depend on the machine, another one cannot go on with them.
void check_external(const SweepRecord& record, const Hardware& hardware, int threads) {
  const Json now = external_numerics(hardware, threads);
  const Json& then = record.identity.at("numerics");
  if (now == then) return;
  throw core::EnvironmentError(
      "sweep " + record.id,
      fmt::format("was made on {}, and here is {}", core::canonical_json(then.at(kExternalNumerics)),
                  core::canonical_json(now.at(kExternalNumerics))),
      "the results of a program of your own are only comparable on the same kind of device with as many threads");
}

}  // namespace

Json Overrides::recorded() const {
  Json json = Json::object();
  if (seed) json["seed"] = *seed;
  if (count) json["count"] = *count;
  if (method) json["method"] = name(*method);
  if (ignore_early_terminate) json["ignore_early_terminate"] = true;
  return json;
}

Overrides Overrides::from_recorded(const Json& json) {
  Overrides overrides;
  if (json.contains("seed")) overrides.seed = json.at("seed").get<std::uint64_t>();
  if (json.contains("count")) overrides.count = json.at("count").get<std::uint64_t>();
  if (json.contains("method"))
    overrides.method = json.at("method") == name(Method::kGrid) ? Method::kGrid : Method::kRandom;
  overrides.ignore_early_terminate = json.value("ignore_early_terminate", false);
  return overrides;
}

Planned plan_file(const fs::path& file, const fs::path& runs, const Overrides& overrides, Missing missing) {
  std::string text = core::read_file(file, kMaxSweepFileBytes);
  Trainer trainer;
  Spec spec = read_spec(text, file, in_spec(overrides), [&] {
    trainer.builtin = ask_trainer(find_trainer(overrides.trainer));
    return trainer.builtin->description;
  });
  std::vector<core::Problem> warnings = spec.warnings;
  SweepIdentity identity;
  std::optional<protocol::DataSource> data;
  std::optional<Hardware> hardware;
  core::KnownDigests digests(runs / protocol::kDigestsFile);
  if (spec.program) {
    trainer.program = find_program(spec, file, fs::current_path(), runs);
    identity.trainer = trainer.program->identity();
    const std::vector<core::Problem>& found = trainer.program->sources.warnings;
    warnings.insert(warnings.end(), found.begin(), found.end());
    hardware = choose_hardware(overrides.device.value_or(spec.device), TrainerCan::kUnknown, overrides.gpus);
    identity.numerics = external_numerics(*hardware, overrides.threads.value_or(spec.resources.threads));
  } else {
    check_names_data(spec, *trainer.builtin, file);
    identity.trainer = trainer.builtin->identity;
    identity.numerics =
        spec.numerics == Numerics::kFast ? fast_numerics(*trainer.builtin) : core::Json(kPortableNumerics);
    if (!spec.data.empty())
      look_for(missing, warnings, [&] { data = find_data(spec.data, spec.data_options, file, digests); });
  }
  Json inputs = Json::object();
  look_for(missing, warnings, [&] { inputs = input_digests(spec.inputs, core::absolute_path(file).parent_path()); });
  identity.data = data_identity(data, inputs);
  TrialPlan plan(std::move(spec), std::move(identity));
  if (trainer.program) try_start(*trainer.program, plan, warnings);
  return {std::move(text),     std::move(plan),     std::move(trainer), std::move(data),
          std::move(warnings), std::move(hardware), std::move(digests)};
}

Prepared prepare_file(const fs::path& file, const fs::path& runs, const Overrides& overrides) {
  Planned planned = plan_file(file, runs, overrides);
  const Spec& spec = planned.plan.spec();
  // Else each trial would fail at it.
  if (planned.trainer.builtin && planned.data) (void)ask_about_data(*planned.trainer.builtin, *planned.data);
  planned.digests.save();
  const TrainerCan can =
      planned.trainer.builtin ? trainer_can(planned.trainer.builtin->description) : TrainerCan::kUnknown;
  const Hardware hardware = planned.hardware
                                ? *std::move(planned.hardware)
                                : choose_hardware(overrides.device.value_or(spec.device), can, overrides.gpus);
  check_device(planned.plan.identity().numerics, hardware);
  planned.warnings.insert(planned.warnings.end(), hardware.warnings.begin(), hardware.warnings.end());
  const int threads = overrides.threads.value_or(spec.resources.threads);
  SweepRecord record = make_record(planned, file, overrides, hardware);
  require_runs_folder(runs);  // not before: where the file is wrong nothing is made
  if (planned.trainer.builtin) planned.trainer.builtin = freeze(*planned.trainer.builtin, runs);
  if (planned.trainer.program) install_modules(*planned.trainer.program, runs);
  return {std::move(planned.plan),     std::move(planned.trainer), std::move(planned.data), hardware, threads,
          std::move(planned.warnings), std::move(record)};
}

Spec recorded_spec(const SweepRecord& record) {
  Spec spec = read_spec(record.text, record.file, in_spec(Overrides::from_recorded(record.overrides)));
  spec.metric = record.metric;  // where the file names none it may be another by now; that of a begun sweep stays
  return spec;
}

Prepared prepare_recorded(const SweepRecord& record, const fs::path& runs, const Overrides& overrides) {
  require_runs_folder(runs);
  Spec spec = recorded_spec(record);
  Trainer trainer;
  core::KnownDigests digests(runs / protocol::kDigestsFile);
  const auto data = find_recorded_data(record, digests);
  digests.save();
  int threads = overrides.threads.value_or(spec.resources.threads);
  const Device device = recorded_device(record, overrides, spec);
  Hardware hardware;
  if (spec.program) {
    if (!overrides.trainer.empty())
      throw core::UserError("--trainer", "the sweep is of a program of your own", "leave the flag out");
    if (!overrides.threads) threads = record.identity.at("numerics").at(kExternalNumerics).at("threads").get<int>();
    hardware = choose_hardware(device, TrainerCan::kUnknown, overrides.gpus);
    check_external(record, hardware, threads);
    trainer.program = find_recorded_program(spec, record, runs);
    install_modules(*trainer.program, runs);
  } else {
    trainer.builtin =
        overrides.trainer.empty() ? frozen_trainer(record, runs) : other_trainer(record, overrides.trainer);
    hardware = choose_hardware(device, trainer_can(trainer.builtin->description), overrides.gpus);
    check_device(record.identity.at("numerics"), hardware);
  }
  check_inputs(spec, record);

  TrialPlan plan(std::move(spec),
                 {record.identity.at("trainer"), record.identity.at("data"), record.identity.at("numerics")});
  if (plan.sweep_id() != record.id)
    throw core::EnvironmentError("sweep " + record.id,
                                 "was recorded by another version, which reads its file differently",
                                 "go on with that version");
  return {std::move(plan), std::move(trainer), data, hardware, threads, hardware.warnings, record};
}

std::optional<TrialPlan> recorded_plan(const SweepRecord& record) try {
  TrialPlan plan(recorded_spec(record),
                 {record.identity.at("trainer"), record.identity.at("data"), record.identity.at("numerics")});
  return plan.sweep_id() == record.id ? std::optional(std::move(plan)) : std::nullopt;
} catch (const core::UserError&) {
  return std::nullopt;
}

protocol::TrialDocument trial_document(const Prepared& prepared, const PlannedTrial& trial) {
  protocol::TrialDocument document;
  document.sweep = prepared.record.id;
  document.trial = trial.id;
  document.index = trial.index;
  document.replicate = trial.replicate;
  document.seed = trial.seed;
  document.config = trial.config;
  document.device = prepared.hardware.device;
  document.threads = prepared.threads;
  document.numerics = numerics_name(prepared.plan.identity().numerics);
  document.data = prepared.data;
  document.metric = prepared.spec().metric;
  document.trace = prepared.spec().trace;
  document.keep_best = prepared.spec().keep.epochs;
  document.best_name = prepared.spec().keep.name;
  document.write_best = prepared.spec().keep.best > 0;
  if (!prepared.hardware.gpus.empty()) document.gpu = prepared.hardware.gpus.front().uuid;
  return document;
}

}  // namespace sweep

// See replay.h.
#include "sweep/replay/replay.h"

#include <chrono>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "protocol/algorithms.h"
#include "protocol/files.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/dispatch/fast_class.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

fs::path move_folder(const PendingReplay& pending) {
  const fs::path kept = make_replay_folder(pending.runs, pending.result.trial);
  std::error_code error;
  fs::rename(pending.request.folder, kept, error);  // takes the place of an empty folder
  return error ? pending.request.folder : kept;
}

}  // namespace

core::Json Replayed::to_json() const {
  core::Json json = comparison.to_json();
  json["trial"] = trial;
  json["sweep"] = sweep;
  json["index"] = index;
  json["attempts"] = attempts;
  json["audit"] = audit;
  json["recorded_on"] = recorded_on;
  json["recorded_slot"] = recorded_slot;
  json["device"] = device;
  json["gpu"] = gpu.empty() ? core::Json() : core::Json(gpu);
  json["trainer"] = trainer.empty() ? core::Json() : core::Json(trainer.string());
  json["seconds"] = seconds;
  json["folder"] = folder.empty() ? core::Json() : core::Json(folder.string());
  return json;
}

// Another controller may be adding to the sweep.
const RecordedSweeps::Known& RecordedSweeps::load(const TrialPlace& place) {
  if (const auto known = known_.find(place.sweep); known != known_.end()) {
    const TrialState* const trial = known->second.second.find(place.index);
    if (trial != nullptr && trial->phase == Phase::kEnded) return known->second;
  }
  auto sweep = store_.find_sweep(place.sweep);
  if (!sweep) throw core::UserError(place.sweep, "the store does not know this sweep");
  return known_.insert_or_assign(place.sweep, Known(*std::move(sweep), load_study(store_, place.sweep, Load::kToRank)))
      .first->second;
}

Origin RecordedSweeps::origin_of(TrialPlace place) {
  // A capsule's is there without those before it.
  if (place.index > 0 && !known_.contains(place.sweep))
    if (const auto sweep = store_.find_sweep(place.sweep);
        sweep && store_.has_row(place) && !store_.has_row({place.sweep, 0}))
      return {*sweep, load_alone(store_, *sweep, place.index)};
  for (;;) {
    const auto& [sweep, study] = load(place);
    core::check(study.find(place.index) != nullptr, "a place in the store without a trial");
    TrialState trial = load_trial(store_, place.sweep, study, place.index);
    if (trial.repeats_index) {
      place.index = *trial.repeats_index;
    } else if (!trial.reused_from->empty()) {
      place = {*trial.reused_from, trial.reused_index};
    } else {
      return {sweep, std::move(trial)};
    }
  }
}

const Prepared& RecordedSweeps::prepared(const SweepRecord& sweep) {
  const auto found = prepared_.find(sweep.id);
  if (found != prepared_.end()) return found->second;
  return prepared_.emplace(sweep.id, prepare_recorded(sweep, runs_, where_)).first->second;
}

Device recorded_device(const TrialState& trial) {
  return trial.attempts.back().device == name(Device::kCuda) ? Device::kCuda : Device::kCpu;
}

TrialRecord load_record(const Store& store, const Origin& origin) {
  TrialRecord record = TrialRecord::from_attempts(store.trial_events({origin.sweep.id, origin.trial.index}));
  record.outcome = origin.trial.outcome;
  record.cut = !origin.trial.finding->empty();
  record.numerics = numerics_name(origin.sweep.identity.at("numerics"));
  return record;
}

PendingReplay make_replay(const Store& store, const Origin& origin, const Prepared& prepared, std::uint64_t index,
                          const fs::path& folder, bool all) {
  const PlannedTrial planned = prepared.plan.trial(index);
  if (planned.id != origin.trial.trial)
    throw core::UserError("trial " + origin.trial.trial, "its sweep now gives trial " + planned.id + " at this index",
                          "the store was made by another version of this program");
  Replayed result;
  result.trial = origin.trial.trial;
  result.sweep = origin.sweep.id;
  result.index = origin.trial.index;
  result.attempts = origin.trial.attempts.size();
  result.recorded_on = origin.trial.attempts.back().device;
  result.recorded_slot = origin.trial.attempts.back().slot;
  TrialRecord record = load_record(store, origin);
  const std::uint64_t last = record.traced_until();
  AttemptRequest request = make_attempt(prepared, planned, folder, folder / protocol::kCheckpointsFolder);
  // A replay computes by what was chosen then, and asks no library anew.
  if (!record.algorithms.empty()) {
    core::Json choices = core::Json::array();
    for (const auto& [operation, choice] : record.algorithms) choices.push_back(choice);
    request.files[protocol::kAlgorithmsFile] = core::canonical_json(choices);
    request.environment[protocol::kEnvAlgorithms] = (request.folder / protocol::kAlgorithmsFile).string();
  }
  // Whatever the sweep file says of `trace` by now: of the steps that the record has, none may be left out.
  if (prepared.trainer.builtin) request.document.trace = last > 0 ? "step" : "off";
  return {std::move(result), std::move(request), Comparator(std::move(record), all), last, {}};
}

fs::path make_replay_folder(const fs::path& runs, const std::string& trial) {
  const fs::path parent = runs / protocol::kTrialsFolder / trial;
  std::error_code error;
  fs::create_directories(parent, error);
  for (int number = 0; !error; ++number) {
    const fs::path folder = parent / ("replay-" + std::to_string(number));
    if (fs::create_directory(folder, error)) return fs::absolute(folder);
  }
  throw core::EnvironmentError(parent.string(), "cannot be made: " + error.message());
}

Replayed finish_replay(Store& store, PendingReplay pending, const AttemptResult& ended) {
  Replayed result = std::move(pending.result);
  result.comparison = pending.comparator.finish(ended.outcome, ended.detail);
  result.device = pending.request.document.device;
  result.gpu = pending.request.document.gpu;
  result.seconds = ended.seconds;
  std::error_code ignored;  // a folder that stays is not worth an error
  if (result.comparison.verdict == Verdict::kIdentical)
    fs::remove_all(pending.request.folder, ignored);
  else if (fs::exists(pending.request.folder, ignored))
    result.folder = pending.runs.empty() ? pending.request.folder : move_folder(pending);
  store.add_replay({result.trial, now_ms(), std::string(name(result.comparison.verdict)), result.to_json()});
  return result;
}

Replayed replay_trial(Store& store, const TrialPlace& place, const ReplayOptions& options) {
  const Origin origin = RecordedSweeps(store, options.runs).origin_of(place);
  if (origin.trial.attempts.empty())
    throw core::UserError("trial " + origin.trial.trial, "has not run yet", "there is nothing to compare with");
  Overrides where = options.where;
  if (!where.device) where.device = recorded_device(origin.trial);
  const Prepared prepared = prepare_recorded(origin.sweep, options.runs, where);
  PendingReplay pending = make_replay(store, origin, prepared, origin.trial.index,
                                      make_replay_folder(options.runs, origin.trial.trial), options.all);
  pending.result.trainer = where.trainer;
  const AttemptResult ended = run_attempt(pending.request, [&](const std::vector<protocol::Event>& events) {
    const bool go_on = pending.comparator.add(events);
    if (options.progress) options.progress(pending.comparator.traced_until(), pending.last);
    return go_on;
  });
  return finish_replay(store, std::move(pending), ended);
}

}  // namespace sweep

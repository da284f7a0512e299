// See replay.h.
#include "sweep/replay/replay.h"

#include <chrono>
#include <system_error>

#include "core/error.h"
#include "protocol/files.h"
#include "sweep/dispatch/attempt.h"
#include "sweep/dispatch/dispatcher.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

Origin find_origin(const Store& store, TrialPlace place) {
  for (;;) {
    const auto sweep = store.find_sweep(place.sweep);
    if (!sweep) throw core::UserError(place.sweep, "the store does not know this sweep");
    const Study study = load_study(store, place.sweep);
    const TrialState* trial = study.find(place.index);
    core::check(trial != nullptr, "a place in the store without a trial");
    if (trial->repeats_index) {
      place.index = *trial->repeats_index;
    } else if (!trial->reused_from.empty()) {
      place = {trial->reused_from, trial->reused_index};
    } else {
      return {*sweep, *trial};
    }
  }
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

TrialRecord load_record(const Store& store, const Origin& origin) {
  TrialRecord record = TrialRecord::from_attempts(store.trial_events({origin.sweep.id, origin.trial.index}));
  record.outcome = origin.trial.outcome;
  record.cut = !origin.trial.finding.empty();
  const core::Json& identity = origin.sweep.identity;
  if (identity.contains("numerics") && identity.at("numerics").is_string())
    record.numerics = identity.at("numerics").get<std::string>();
  return record;
}

core::Json Replayed::to_json() const {
  core::Json json = comparison.to_json();
  json["trial"] = trial;
  json["sweep"] = sweep;
  json["index"] = index;
  json["recorded_on"] = recorded_on;
  json["device"] = device;
  json["seconds"] = seconds;
  json["folder"] = folder.empty() ? core::Json() : core::Json(folder.string());
  return json;
}

Replayed replay_trial(Store& store, const TrialPlace& place, const ReplayOptions& options) {
  const Origin origin = find_origin(store, place);
  if (origin.trial.attempts.empty())
    throw core::UserError("trial " + origin.trial.trial, "has not run yet", "there is nothing to compare with");
  Replayed result;
  result.trial = origin.trial.trial;
  result.sweep = origin.sweep.id;
  result.index = origin.trial.index;
  result.recorded_on = origin.trial.attempts.back().device;

  Overrides overrides;
  overrides.device = options.device.value_or(result.recorded_on == "cuda" ? Device::kCuda : Device::kCpu);
  overrides.trainer = options.trainer;
  const Prepared prepared = prepare_recorded(origin.sweep, options.runs, overrides);
  const PlannedTrial planned = prepared.plan.trial(origin.trial.index);
  if (planned.id != origin.trial.trial)
    throw core::UserError("trial " + origin.trial.trial, "its sweep now gives trial " + planned.id + " at this index",
                          "the store was made by another version of this program");
  result.device = prepared.hardware.device;

  const fs::path folder = make_replay_folder(options.runs, result.trial);
  const AttemptRequest request = make_attempt(prepared, planned, folder, folder / protocol::kCheckpointsFolder);

  TrialRecord record = load_record(store, origin);
  const std::uint64_t last = record.traces.empty() ? 0 : record.traces.rbegin()->second.to;
  Comparator comparator(std::move(record), options.all);
  const AttemptResult ended = run_attempt(request, [&](const std::vector<protocol::Event>& events) {
    bool go_on = true;
    for (const protocol::Event& event : events) go_on = go_on && comparator.add(event);
    if (options.progress) options.progress(comparator.traced_until(), last);
    return go_on;
  });
  result.comparison = comparator.finish(ended.outcome, ended.detail);
  result.seconds = ended.seconds;
  result.folder = request.folder;
  if (result.comparison.verdict == Verdict::kIdentical) {
    std::error_code ignored;  // a folder that stays is not worth an error
    fs::remove_all(request.folder, ignored);
    result.folder.clear();
  }
  store.add_replay({result.trial, now_ms(), std::string(name(result.comparison.verdict)), result.to_json()});
  return result;
}

}  // namespace sweep

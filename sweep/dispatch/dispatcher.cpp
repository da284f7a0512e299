// The loop on real processes, real signals and the real clock; see dispatcher.h.
#include "sweep/dispatch/dispatcher.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <memory>

#include "core/error.h"
#include "core/remedy.h"
#include "protocol/files.h"
#include "sweep/dispatch/demands.h"
#include "sweep/dispatch/lock.h"
#include "sweep/dispatch/loop.h"
#include "sweep/dispatch/reused.h"
#include "sweep/launch/gpu_watch.h"
#include "sweep/launch/local.h"
#include "sweep/provenance/provenance.h"

namespace sweep {
namespace {

namespace asio = boost::asio;

// On the CPU --slots is taken at its word; a GPU has no more slots than the sweep file gives it.
std::vector<Slot> slots_for(const Prepared& prepared, const DispatchOptions& options) {
  if (prepared.hardware.device == "cuda")
    return gpu_slots(prepared.hardware.uuids(), prepared.spec().resources.slots_per_gpu);
  return options.slots > 0 ? cpu_slots(1, options.slots) : cpu_slots(prepared.threads, usable_cores());
}

std::size_t slots_at_once(const Prepared& prepared, const DispatchOptions& options) {
  const std::size_t slots = slots_for(prepared, options).size();
  return options.slots > 0 ? std::min<std::size_t>(options.slots, slots) : slots;
}

void record_sweep(Store& store, const Prepared& prepared, const DispatchOptions& options, const Clock& clock) {
  if (store.find_sweep(prepared.record.id)) return;
  SweepRecord record = prepared.record;
  ProvenanceRequest request{std::filesystem::current_path(), options.runs, {}};
  const auto& program = prepared.trainer.program;
  if (program) request.secret_names = named_variables(program->program);
  record.provenance = sweep_provenance(request);
  record.provenance["gpus"] = gpus_json(prepared.hardware.gpus);
  if (program && !program->interpreter.empty())
    record.provenance["interpreter"] = executable_provenance(interpreter_file(*program));
  if (program && !program->program.record.empty())
    record.provenance["record"] =
        Secrets::of_environment(request.secret_names).redact_json(recorded_outputs(program->program));
  record.created_ms = clock.unix_ms();
  store.add_sweep(record);
}

// Before the study is loaded to go on with: of a trial that waits it then holds the fingerprints too.
void reopen(Store& store, const std::string& sweep, const std::vector<TrialReopened>& wanted, const Clock& clock) {
  if (wanted.empty()) return;
  Study study = load_study(store, sweep);
  std::vector<StudyEvent> events;
  for (const TrialReopened& event : wanted) {
    const TrialState* trial = study.find(event.index);
    if (trial && trial->phase == Phase::kEnded && !trial->repeats_index) events.push_back(event);
  }
  store.append(sweep, clock.unix_ms(), events, study);
}

// Passes requests on for as long as the loop runs.
void pass_requests(asio::posix::stream_descriptor& arrivals, HaltSignals& signals, Loop& loop) {
  arrivals.async_wait(asio::posix::stream_descriptor::wait_read, [&](const boost::system::error_code& error) {
    if (error) return;
    for (const HaltRequest& request : signals.read()) loop.halt(request);
    pass_requests(arrivals, signals, loop);
  });
}

// The event as it would have been recorded had the sweep asked for `metric`; `study` is the fold of those before it.
StudyEvent judged_under(const Store& store, const protocol::Metric& metric, const Study& study, StudyEvent event) {
  if (auto* ended = std::get_if<AttemptEnded>(&event)) {
    const auto& values = *study.find(ended->index)->final_values;
    const auto last = values.find(metric.name);
    const protocol::Outcome said = ended->outcome;
    ended->outcome = judge_metric(said, metric, last == values.end() ? std::nullopt : std::optional(last->second));
    if (ended->outcome != said) ended->detail.clear();
  } else if (const auto* reused = std::get_if<TrialReused>(&event)) {
    if (auto anew = result_of(store, {reused->from_sweep, reused->from_index}, reused->index, metric)) return *anew;
  }
  return event;
}

// What was stopped beyond the bound goes on where the bound is lifted, and is then needed whole.
bool may_wait_again(const TrialSummary& row) {
  const auto outcome = protocol::outcome_named(row.outcome);
  return outcome && !protocol::info(*outcome).ranked && *outcome != protocol::Outcome::kDiverged;
}

// A study of this trial alone, as the first. Where the sweep ended is unknown to it.
Study fold_alone(const Store& store, const TrialPlace& place, const std::optional<protocol::Metric>& metric,
                 bool with_trace) {
  Study alone(Terms{.metric = metric, .alone = true});
  store.read_trial(place, with_trace, [&](StoredEvent stored) {
    std::visit([](auto& event) { event.index = 0; }, stored.event);
    alone.apply(stored.event);
  });
  return alone;
}

// Requires: options.runs is absolute.
Ending run_loop(Store& store, const Prepared& prepared, const DispatchOptions& options, Observer& observer,
                HaltSignals& signals, const SystemClock& clock) try {
  const std::vector<Gpu>& gpus = prepared.hardware.gpus;
  auto made = std::make_unique<asio::io_context>(1);
  LocalLauncher launcher(made->get_executor(), slots_for(prepared, options));
  // Where an error ends the loop early, the context takes the attempts' coroutines with it, and they their processes:
  // before the launcher goes.
  const std::unique_ptr<asio::io_context> context = std::move(made);
  const auto slots = static_cast<std::size_t>(slots_at_once(prepared, options));
  LoopThreads threads(*context, threads_worth_having(slots, static_cast<std::size_t>(usable_cores())));
  launcher.set_threads(&threads);
  Loop loop(context->get_executor(), store, launcher, clock, prepared, options,
            load_study(store, prepared.record.id, options.only_spare ? Load::kToRank : Load::kToGoOn), observer);
  launcher.gpu_slots().set_gpus(gpus);
  std::optional<GpuWatch> watch;
  if (!gpus.empty() && options.busy_gpus != BusyGpus::kUse)
    watch.emplace(
        context->get_executor(), launcher.gpu_slots(),
        [&gpus](int stop) { return ask_gpus(gpus, kNvidiaSmiPatience, stop); },
        [&observer](const std::string& text) { observer.on_note(text); }, [&loop] { loop.look_again(); },
        [&threads] { threads.nudge(); });
  observer.on_started(loop.study(), prepared.plan.count(), slots_at_once(prepared, options));

  asio::posix::stream_descriptor arrivals(*context, ::fcntl(signals.descriptor(), F_DUPFD_CLOEXEC, 3));
  for (const HaltRequest& request : signals.read()) loop.halt(request);  // before anything starts
  pass_requests(arrivals, signals, loop);
  std::exception_ptr failure;
  asio::co_spawn(*context, loop.run(), [&](std::exception_ptr thrown) {
    failure = thrown;
    context->stop();
  });
  threads.run();
  if (failure) std::rethrow_exception(failure);
  return loop.take_ending();
} catch (const boost::system::system_error& error) {  // Asio's, of a system call
  throw core::EnvironmentError("sweep " + prepared.record.id, error.what(),
                               std::string(core::remedy_for(error.code().value())));
}

DispatchOptions with_absolute_runs(DispatchOptions options) {
  options.runs = std::filesystem::absolute(options.runs).lexically_normal();
  return options;
}

// What audits left behind: a killed controller's those that ran, any other's their empty folders. Requires: the sweep
// is locked.
void remove_audits(const std::filesystem::path& runs, const std::string& sweep) {
  std::error_code ignored;  // a folder that stays is not worth an error
  std::filesystem::remove_all(runs / protocol::kAuditsFolder / sweep, ignored);
  std::filesystem::remove(runs / protocol::kAuditsFolder, ignored);
}

}  // namespace

std::int64_t SystemClock::unix_ms() const {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

double SystemClock::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Terms terms_of(const SweepRecord& record) {
  Terms terms{record.metric, record.target, record.repeats, std::nullopt};
  if (record.trials > kGuardedTrials) terms.guarded = kGuardedTrials;
  // Other texts are not read again: every list and report comes here for every sweep. An escape may hide the word.
  if (record.text.find("max_failures") != std::string::npos || record.text.find('\\') != std::string::npos)
    terms.max_failures = recorded_spec(record).resources.max_failures;
  return terms;
}

Study load_study(const Store& store, const std::string& sweep, Load load) {
  const auto record = store.find_sweep(sweep);
  core::check(record.has_value(), "load_study of an unknown sweep");
  Study study(terms_of(*record));
  const auto apply = [&](const StoredEvent& stored) { study.apply(stored.event); };
  const bool with_trace = load == Load::kToGoOn;
  if (load == Load::kWhole || !store.has_whole_rows()) {
    store.read_events(sweep, with_trace ? Traces::kOfUnfinished : Traces::kNone, apply);
  } else {
    std::vector<core::Json> configs;
    if (load == Load::kToList) configs = store.configs(sweep);
    store.read_rows(sweep, [&](std::uint64_t index, TrialSummary&& row) {
      if (load == Load::kToList && index >= configs.size()) return;  // planned since the configurations were read
      const bool has_ended = row.phase == name(Phase::kEnded);
      if (has_ended && !(load == Load::kToGoOn && study.is_surplus(index) && may_wait_again(row))) {
        TrialState state = ended_state(std::move(row), index);
        if (load == Load::kToList) state.config = std::move(configs[index]);
        study.restore(std::move(state));
      } else if (row.repeats) {
        store.read_trial({sweep, index}, with_trace, apply);
      } else {
        study.adopt(fold_alone(store, {sweep, index}, study.metric(), with_trace),
                    has_ended ? protocol::outcome_named(row.outcome) : std::nullopt, row.detail);
      }
    });
    if (const auto lifted = store.guard_lifted(sweep)) study.apply(GuardLifted{*lifted});
  }
  study.take_changed();
  return study;
}

TrialState load_trial(const Store& store, const std::string& sweep, const Study& study, std::uint64_t index) {
  const TrialState* known = study.find(index);
  core::check(known != nullptr, "load_trial of a trial that is not planned");
  if (!known->is_forgotten) return *known;
  // A repeated draw has no events but the one that planned it: it ended as, and with, the trial that ran.
  const std::uint64_t ran = known->repeats_index.value_or(index);
  TrialState trial = *fold_alone(store, {sweep, ran}, study.metric(), /*with_trace=*/false).find(0);
  trial.index = index;
  trial.phase = known->phase;  // of one that was stopped beyond the bound its own events say that it goes on
  trial.outcome = known->outcome;
  trial.detail = known->detail;
  trial.replicate = known->replicate;
  trial.repeats_index = known->repeats_index;
  if (!trial.repeats_index) return trial;
  trial.attempts.clear();
  trial.seconds = 0;
  trial.reused_from.clear();
  trial.reused_index = 0;
  trial.finding.clear();
  return trial;
}

TrialState load_alone(const Store& store, const SweepRecord& sweep, std::uint64_t index) {
  TrialState trial = *fold_alone(store, {sweep.id, index}, sweep.metric, /*with_trace=*/false).find(0);
  trial.index = index;
  return trial;
}

Study load_study_under(const Store& store, const std::string& sweep, const protocol::Metric& metric,
                       std::optional<std::uint64_t> last) {
  const auto record = store.find_sweep(sweep);
  core::check(record.has_value(), "load_study_under of an unknown sweep");
  Study study(Terms{metric, std::nullopt, record->repeats, last});
  store.read_events(sweep, Traces::kNone,
                    [&](const StoredEvent& stored) { study.apply(judged_under(store, metric, study, stored.event)); });
  study.take_changed();
  return study;
}

Ending run_sweep(Store& store, const Prepared& prepared, const DispatchOptions& given, Observer& observer) {
  const SystemClock clock;
  DispatchOptions options = with_absolute_runs(given);
  require_open_files(std::min<std::uint64_t>(slots_at_once(prepared, options), prepared.plan.count()));
  HaltSignals signals;  // before the lock: whoever sees it held may ask
  const SweepLock lock(options.runs, prepared.record.id);
  options.lock = &lock;
  if (options.busy_gpus == BusyGpus::kRefuse) refuse_busy(prepared.hardware.gpus);
  record_sweep(store, prepared, options, clock);
  reopen(store, prepared.record.id, options.reopen, clock);
  remove_audits(options.runs, prepared.record.id);
  Ending ending = run_loop(store, prepared, options, observer, signals, clock);
  remove_audits(options.runs, prepared.record.id);
  return ending;
}

int run_spare(Store& store, const Prepared& prepared, const DispatchOptions& given, Observer& observer) {
  const SystemClock clock;
  DispatchOptions options = with_absolute_runs(given);
  options.only_spare = true;
  require_open_files(slots_at_once(prepared, options));
  HaltSignals signals;
  if (options.busy_gpus == BusyGpus::kRefuse) refuse_busy(prepared.hardware.gpus);
  return run_loop(store, prepared, options, observer, signals, clock).signal;
}

}  // namespace sweep

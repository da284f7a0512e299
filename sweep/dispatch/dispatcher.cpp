// The loop on real processes, real signals and the real clock; see dispatcher.h.
#include "sweep/dispatch/dispatcher.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <memory>

#include "core/error.h"
#include "sweep/dispatch/lock.h"
#include "sweep/dispatch/loop.h"
#include "sweep/launch/local.h"
#include "sweep/provenance/provenance.h"

namespace sweep {
namespace {

namespace asio = boost::asio;

// On the CPU --slots is taken at its word; a GPU has no more slots than the sweep file gives it.
std::vector<Slot> slots_for(const Prepared& prepared, const DispatchOptions& options) {
  if (prepared.hardware.device == "cuda")
    return gpu_slots(prepared.hardware.gpus, prepared.spec().resources.slots_per_gpu);
  return options.slots > 0 ? cpu_slots(1, options.slots) : cpu_slots(prepared.threads, usable_cores());
}

void record_sweep(Store& store, const Prepared& prepared, const DispatchOptions& options, const Clock& clock) {
  if (store.find_sweep(prepared.record.id)) return;
  SweepRecord record = prepared.record;
  record.provenance = sweep_provenance(std::filesystem::current_path(), options.runs);
  if (const auto& program = prepared.trainer.program; program && !program->program.record.empty())
    record.provenance["record"] = recorded_outputs(program->program);
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

// Passes signals on for as long as the loop runs.
void pass_signals(asio::signal_set& signals, Loop& loop) {
  signals.async_wait([&signals, &loop](const boost::system::error_code& error, int signal) {
    if (error) return;
    loop.interrupt(signal);
    pass_signals(signals, loop);
  });
}

// The event as it would have been recorded had the sweep asked for `metric`; `study` is the fold of those before it.
StudyEvent judged_under(const Store& store, const protocol::Metric& metric, const Study& study, StudyEvent event) {
  if (auto* ended = std::get_if<AttemptEnded>(&event)) {
    const auto& values = study.find(ended->index)->final_values;
    const auto last = values.find(metric.name);
    const protocol::Outcome said = ended->outcome;
    ended->outcome = judge_metric(said, metric, last == values.end() ? std::nullopt : std::optional(last->second));
    if (ended->outcome != said) ended->detail.clear();
  } else if (const auto* reused = std::get_if<TrialReused>(&event)) {
    if (auto anew = result_of(store, {reused->from_sweep, reused->from_index}, reused->index, metric)) return *anew;
  }
  return event;
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

Study load_study(const Store& store, const std::string& sweep, bool with_trace) {
  const auto record = store.find_sweep(sweep);
  core::check(record.has_value(), "load_study of an unknown sweep");
  Study study(terms_of(*record));
  store.read_events(sweep, with_trace ? Traces::kOfUnfinished : Traces::kNone,
                    [&](const StoredEvent& stored) { study.apply(stored.event); });
  study.take_changed();
  return study;
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
  DispatchOptions options = given;
  options.runs = std::filesystem::absolute(given.runs).lexically_normal();
  const SweepLock lock(options.runs, prepared.record.id);
  record_sweep(store, prepared, options, clock);
  reopen(store, prepared.record.id, options.reopen, clock);

  auto made = std::make_unique<asio::io_context>(1);
  LocalLauncher launcher(made->get_executor(), slots_for(prepared, options));
  // Where an error ends the loop early, the context takes the attempts' coroutines with it, and they their processes:
  // before the launcher goes.
  const std::unique_ptr<asio::io_context> context = std::move(made);
  Loop loop(context->get_executor(), store, launcher, clock, prepared, options,
            load_study(store, prepared.record.id, /*with_trace=*/true), observer);
  const std::size_t slots = launcher.slots().size();
  observer.on_started(loop.study(), prepared.plan.count(),
                      options.slots > 0 ? std::min<std::size_t>(options.slots, slots) : slots);

  asio::signal_set signals(*context, SIGINT, SIGTERM, SIGHUP);
  pass_signals(signals, loop);
  std::exception_ptr failure;
  asio::co_spawn(*context, loop.run(), [&](std::exception_ptr thrown) {
    failure = thrown;
    context->stop();
  });
  context->run();
  if (failure) std::rethrow_exception(failure);
  return loop.take_ending();
}

}  // namespace sweep

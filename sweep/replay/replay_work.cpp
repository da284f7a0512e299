// See replay_work.h.
#include "sweep/replay/replay_work.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/permutation.h"
#include "protocol/files.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/replay/replay_findings.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

// The streams below it order the trials of a search (sweep/search/).
constexpr std::uint32_t kSampleStream = (static_cast<std::uint32_t>(core::Purpose::kSearchOrder) << 24) + 2;

bool has_ended(const TrialState& trial) { return trial.phase == Phase::kEnded; }

// Whether the trial has come to an end that would be the same another time, here or in the sweep that ran it.
bool has_result(const Study& study, const TrialState& trial) {
  return has_ended(trial) && !trial.repeats_index && trial.finding->empty() &&
         protocol::info(*trial.outcome).determined && !study.is_surplus(trial.index);
}

fs::path audit_folder(const fs::path& runs, const std::string& sweep, const std::string& trial) {
  return fs::absolute(runs / protocol::kAuditsFolder / sweep / trial).lexically_normal();
}

std::string gpu_of_slot(const std::string& slot) {
  return slot.starts_with("cpu:") ? std::string() : slot.substr(0, slot.rfind('/'));
}

core::Permutation order_of(std::uint64_t seed, std::uint64_t count) {
  return core::Permutation(std::clamp<std::uint64_t>(count, 1, core::kLargestPermutation), seed, 0, kSampleStream);
}

// At least one, and no part of one.
std::uint64_t size_of(double share, std::uint64_t count) {
  const double size = share * static_cast<double>(count);
  const auto whole = static_cast<std::uint64_t>(size);
  return std::max<std::uint64_t>(1, static_cast<double>(whole) < size ? whole + 1 : whole);
}

}  // namespace

std::vector<std::uint64_t> sample(std::uint64_t seed, std::uint64_t count, std::uint64_t size) {
  std::vector<std::uint64_t> chosen;
  if (count == 0) return chosen;
  const core::Permutation order = order_of(seed, count);
  for (std::uint64_t i = 0; i < std::min(size, count); ++i) chosen.push_back(order(i));
  return chosen;
}

bool ReplayWork::wants(const Study& study, const Slot& slot, bool last) {
  return choose(study, slot, last).has_value();
}

SpareJob ReplayWork::take(const Study& study, const Slot& slot, bool last) {
  const std::optional<std::uint64_t> index = choose(study, slot, last);
  core::check(index.has_value(), "a replay is taken that nobody wants");
  due_.erase(*index);
  const auto pending = std::make_shared<PendingReplay>(make(study, *index));
  pending->request.document.device = slot.device;
  pending->request.document.gpu = slot.gpu;
  SpareJob job;
  job.request = pending->request;
  job.on_events = [pending](const std::vector<protocol::Event>& events) { return pending->comparator.add(events); };
  job.on_end = [this, pending, index = *index](const AttemptResult& ended, bool taken_back) {
    if (!taken_back) return add(finish_replay(store_, std::move(*pending), ended));
    std::error_code ignored;  // a folder that stays is not worth an error
    fs::remove_all(pending->request.folder, ignored);
    due_.insert(index);
  };
  return job;
}

void ReplayWork::add(Replayed replayed) {
  replayed_.push_back(std::move(replayed));
  if (on_replayed_) on_replayed_(replayed_.back());
}

ReplayOfSweep::ReplayOfSweep(Store& store, const SweepRecord& sweep, const Study& study, const ReplayOptions& options,
                             std::optional<std::uint64_t> size, OnReplayed on_replayed,
                             const std::set<std::uint64_t>& only)
    : ReplayWork(store, std::move(on_replayed)), sweep_(sweep), options_(options), sweeps_(store, options.runs) {
  const std::uint64_t count = study.trials().size();
  const auto is_meant = [&](std::uint64_t index) { return only.empty() || only.contains(index); };
  for (const std::uint64_t index : sample(sweep.seed, count, count)) {
    if (size && due().size() >= *size) break;
    const TrialState& trial = *study.find(index);
    if (is_meant(index) && has_ended(trial) && !trial.repeats_index) add_due(index);
  }
  for (const TrialState& trial : study.trials()) unended_ += is_meant(trial.index) && !has_ended(trial);
  Overrides where = options.where;
  if (!where.device && !due().empty()) {
    const Origin origin = sweeps_.origin_of({sweep.id, *due().begin()});
    where.device = recorded_device(origin.trial);
  }
  sweeps_.run_on(std::move(where));
  refuse_unprepared(study);
}

// Results of another sweep need what that one was made of.
void ReplayOfSweep::refuse_unprepared(const Study& study) {
  std::map<std::string, std::string> problems;  // by sweep; empty: there is none
  for (const std::uint64_t index : std::set<std::uint64_t>(due())) {
    const TrialState& trial = *study.find(index);
    if (trial.reused_from->empty()) continue;
    if (!problems.contains(*trial.reused_from)) problems[*trial.reused_from] = problem_with(*trial.reused_from);
    const std::string& problem = problems.at(*trial.reused_from);
    if (problem.empty()) continue;
    drop_due(index);
    Replayed refused;
    refused.trial = trial.trial;
    refused.sweep = *trial.reused_from;
    refused.index = trial.reused_index;
    refused.comparison.verdict = Verdict::kNotComparable;
    refused.comparison.reasons.push_back(problem);
    add(std::move(refused));
  }
}

std::string ReplayOfSweep::problem_with(const std::string& sweep) {
  const auto record = store().find_sweep(sweep);
  if (!record) return "the store does not know the sweep " + sweep + ", which made the record";
  try {
    sweeps_.prepared(*record);
  } catch (const core::UserError& error) {
    return error.problems().front().text();
  } catch (const core::EnvironmentError& error) {
    return error.problem().text();
  }
  return {};
}

std::optional<std::uint64_t> ReplayOfSweep::choose(const Study&, const Slot&, bool) {
  return due().empty() ? std::nullopt : std::optional(*due().begin());
}

PendingReplay ReplayOfSweep::make(const Study&, std::uint64_t index) {
  const Origin origin = sweeps_.origin_of({sweep_.id, index});
  return make_replay(store(), origin, sweeps_.prepared(origin.sweep), origin.trial.index,
                     make_replay_folder(options_.runs, origin.trial.trial), options_.all);
}

Audit::Audit(Store& store, const Prepared& prepared, double share, fs::path runs, OnReplayed on_replayed)
    : ReplayWork(store, std::move(on_replayed)),
      prepared_(prepared),
      runs_(runs),
      sweeps_(store, std::move(runs)),
      order_(order_of(prepared.record.seed, prepared.plan.count())),
      size_(size_of(share, prepared.plan.count())) {
  const std::string& sweep = prepared.record.id;
  if (!store.find_sweep(sweep)) return;
  for (const ReplayRecord& done : current_replays(store, sweep))
    if (done.verdict != name(Verdict::kIncomplete)) done_.emplace(done.detail.at("sweep"), done.trial);
}

bool Audit::is_done(const TrialState& trial) const {
  return done_.contains({trial.reused_from->empty() ? prepared_.record.id : *trial.reused_from, trial.trial});
}

// Of a sweep of 10^15 trials the sample is no list.
void Audit::find_due(const Study& study) {
  for (; looked_until_ < std::min(study.trials().size(), core::kLargestPermutation); ++looked_until_)
    if (order_(looked_until_) < size_) add_due(looked_until_);
  if (!has_begun_ && study.finished(prepared_.plan.count()) && ready(study) == 0) find_one_due(study);
}

std::size_t Audit::ready(const Study& study) const {
  return static_cast<std::size_t>(std::count_if(due().begin(), due().end(), [&](std::uint64_t index) {
    const TrialState& trial = *study.find(index);
    return has_result(study, trial) && !is_done(trial);
  }));
}

// The sweep is over, and none of the sample had a result: the next one by the same order that has.
void Audit::find_one_due(const Study& study) {
  const TrialState* next = nullptr;
  for (const TrialState& trial : study.trials()) {
    if (trial.index >= core::kLargestPermutation || !has_result(study, trial)) continue;
    if (is_done(trial)) return;
    if (next == nullptr || order_(trial.index) < order_(next->index)) next = &trial;
  }
  if (next != nullptr) add_due(next->index);
}

std::size_t Audit::left(const Study& study) {
  find_due(study);
  return ready(study);
}

std::optional<std::uint64_t> Audit::choose(const Study& study, const Slot& slot, bool last) {
  find_due(study);
  const bool any_gpu = last || prepared_.hardware.gpus.size() < 2;
  for (auto next = due().begin(); next != due().end();) {
    const std::uint64_t index = *next++;  // what follows stays where it is when this one goes
    const TrialState& trial = *study.find(index);
    if (!has_ended(trial)) continue;
    if (!has_result(study, trial) || is_done(trial)) {
      drop_due(index);
    } else if (any_gpu || recorded_gpu(study, index) != slot.gpu) {
      return index;
    }
  }
  return std::nullopt;
}

Origin Audit::origin_of(const Study& study, std::uint64_t index) {
  const std::string& sweep = prepared_.record.id;
  TrialState trial = load_trial(store(), sweep, study, index);
  if (!trial.reused_from->empty()) return sweeps_.origin_of({*trial.reused_from, trial.reused_index});
  return {*store().find_sweep(sweep), std::move(trial)};
}

const std::string& Audit::recorded_gpu(const Study& study, std::uint64_t index) {
  const auto found = gpus_.find(index);
  if (found != gpus_.end()) return found->second;
  return gpus_[index] = gpu_of_slot(origin_of(study, index).trial.attempts.back().slot);
}

PendingReplay Audit::make(const Study& study, std::uint64_t index) {
  has_begun_ = true;
  const Origin origin = origin_of(study, index);
  PendingReplay pending =
      make_replay(store(), origin, prepared_, index, audit_folder(runs_, prepared_.record.id, origin.trial.trial),
                  /*all=*/false);
  pending.result.audit = true;
  pending.runs = runs_;
  // What is not written is not left behind by a kill. The built-in trainer needs no folder to write checkpoints into.
  if (prepared_.trainer.builtin) pending.request.checkpoints.clear();
  return pending;
}

}  // namespace sweep

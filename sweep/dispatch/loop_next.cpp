// The part of the loop that puts together what a start needs, ahead of it where there is time; see loop.h.
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "protocol/files.h"
#include "sweep/dispatch/loop.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPlanInTime = 8;

fs::path trial_folder(const fs::path& runs, const std::string& trial) { return runs / protocol::kTrialsFolder / trial; }

}  // namespace

// The checkpoint's file name, or nothing (and a reason) where the file is not what its event said.
std::string Loop::usable_checkpoint(const TrialState& trial, std::string& reason) const {
  if (!trial.checkpoint) return {};
  const fs::path file =
      trial_folder(options_.runs, trial.trial) / protocol::kCheckpointsFolder / trial.checkpoint->file;
  std::error_code ignored;
  if (!fs::is_regular_file(fs::symlink_status(file, ignored))) {
    reason += "; but the checkpoint is not there as a file, so from the beginning";
    return {};
  }
  try {
    if (core::sha256_file(file) == trial.checkpoint->sha256) return trial.checkpoint->file;
    reason += "; but the checkpoint's digest is another, so from the beginning";
  } catch (const core::UserError&) {
    reason += "; but the checkpoint cannot be read, so from the beginning";
  }
  return {};
}

std::string Loop::marker_of(const TrialState& trial, std::size_t attempt) const {
  return attempt_marker(
      attempt_folder(options_.runs, trial.trial, sweep_.record.id, static_cast<std::uint32_t>(attempt)));
}

// While others run, and a processor is idle: what the next one needs is put together before its slot is free, up to a
// process that waits for the word. A GPU's is another for each slot.
bool Loop::wants_next() const {
  if (running_.empty() || study_.waiting().empty() || halted_ != Halt::kNone || !launcher_.has_spare_core())
    return false;
  const TrialState& trial = *study_.find(*study_.waiting().begin());
  const bool is_there = next_ && next_->request.document.index == trial.index;
  return running_.begin()->second.slot.gpu.empty() && trial.attempts.empty() && !is_there;
}

void Loop::prepare_next() {
  const TrialState& trial = *study_.find(*study_.waiting().begin());
  const Slot& slot = running_.begin()->second.slot;
  next_.emplace();
  next_->request = make_request(trial, Decision{Decision::What::kStart, trial.index}, slot);
  put_together(next_->request);
  if (sweep_.spec().resources.reuse_process) return;  // the slot's process is there
  try {
    next_->prepared = launcher_.prepare(*next_->request.order);
  } catch (const core::EnvironmentError&) {
    next_.reset();  // the start will meet it again, and say so
  }
}

// A few, and durable before the trial ends that runs meanwhile: what is planned all at once when none waits any more
// takes some milliseconds, in which nothing starts.
bool Loop::plan_ahead() {
  if (running_.empty()) return false;
  const std::optional<std::uint64_t> index = plan_in_time(study_, situation());
  if (!index) return false;
  plan_from(*index, kPlanInTime);
  commit();
  return true;
}

Loop::Next Loop::take_next(const TrialState& trial, const Decision& decision, const Slot& slot) {
  std::optional<Next> next = std::exchange(next_, std::nullopt);
  const bool fits = next && next->request.document.index == trial.index && decision.attempt == 0 && slot.gpu.empty();
  return fits ? std::move(*next) : Next{make_request(trial, decision, slot), nullptr};
}

AttemptRequest Loop::make_request(const TrialState& trial, const Decision& decision, const Slot& slot) const {
  const fs::path& runs = options_.runs;
  AttemptRequest request = make_attempt(sweep_, {trial.index, trial.replicate, trial.trial, trial.config, trial.seed},
                                        attempt_folder(runs, trial.trial, sweep_.record.id, decision.attempt),
                                        trial_folder(runs, trial.trial) / protocol::kCheckpointsFolder);
  request.document.device = slot.device;
  request.document.gpu = slot.gpu;
  request.attempt = decision.attempt;
  request.resume_file = decision.resume_file;
  if (!decision.resume_file.empty()) request.metric_before = study_.metric_up_to(trial.index, trial.checkpoint->step);
  return request;
}

}  // namespace sweep

// See gpu_health.h.
#include "sweep/dispatch/gpu_health.h"

#include <algorithm>

#include "sweep/study/signature.h"

namespace sweep {
namespace {

using protocol::Outcome;

// What a broken GPU may do to a trial. A metric that never came is not its doing.
bool is_bad(Outcome outcome) {
  return outcome == Outcome::kFailed || outcome == Outcome::kKilled || outcome == Outcome::kOutOfMemory ||
         outcome == Outcome::kStalled || outcome == Outcome::kTimedOut;
}

bool is_good(Outcome outcome) { return protocol::info(outcome).ranked || outcome == Outcome::kDiverged; }

}  // namespace

void GpuHealth::ended(const std::string& gpu, std::uint64_t trial, Outcome outcome, const std::string& detail) {
  ++time_;
  Gpu& one = gpus_[gpu];
  if (is_good(outcome)) {
    one.good = time_;
    one.in_row.clear();
  }
  if (!is_bad(outcome)) return;
  std::string signature = failure_signature(outcome, detail);
  if (!one.in_row.empty() && one.in_row.back().signature != signature) one.in_row.clear();
  std::erase_if(one.in_row, [&](const Bad& bad) { return bad.trial == trial; });
  one.in_row.push_back({time_, trial, std::move(signature), detail});
}

std::optional<Quarantine> GpuHealth::find() {
  for (const auto& [uuid, gpu] : gpus_) {
    if (in_quarantine(uuid) || gpu.in_row.size() < kQuarantineAfter) continue;
    if (!another_is_good(uuid, gpu.in_row.front().time)) continue;
    quarantined_.insert(uuid);
    Quarantine found{uuid, {}, gpu.in_row.back().detail};
    for (const Bad& bad : gpu.in_row) found.trials.push_back(bad.trial);
    std::sort(found.trials.begin(), found.trials.end());
    return found;
  }
  return std::nullopt;
}

bool GpuHealth::another_is_good(const std::string& gpu, std::uint64_t since) const {
  return std::any_of(gpus_.begin(), gpus_.end(), [&](const auto& other) {
    return other.first != gpu && !in_quarantine(other.first) && other.second.good > since;
  });
}

}  // namespace sweep

// See best_epochs.h.
#include "trainer/training/best_epochs.h"

#include <algorithm>
#include <cmath>

namespace trainer {

BestEpochs::BestEpochs(protocol::Metric metric, std::size_t limit, protocol::NameTemplate name,
                       CheckpointFolder* folder)
    : metric_(std::move(metric)), limit_(limit), name_(std::move(name)), folder_(folder) {}

void BestEpochs::restore(std::vector<Best> best) {
  const core::Json own = metric_.to_json();
  std::erase_if(best, [&](const Best& each) { return each.metric != own; });
  best_ = std::move(best);
  for (const Best& each : best_)
    if (folder_ && !each.file.empty()) folder_->keep(kBestKind, each.file);
  if (best_.size() > limit_) best_.resize(limit_);
}

void BestEpochs::offer(const protocol::MetricValues& metric, const std::function<std::vector<NamedTensor>()>& weights) {
  const auto found = metric.values.find(metric_.name);
  if (found == metric.values.end() || !std::isfinite(found->second)) return;
  const auto place = std::find_if(best_.begin(), best_.end(), [&](const Best& each) {
    return protocol::better(metric_.goal, found->second, each.value);
  });
  if (place == best_.end() && best_.size() == limit_) return;
  best_.insert(place, Best{metric_.to_json(), found->second, metric.step, *metric.epoch, {}});
  if (best_.size() > limit_) {
    pending_.erase(best_.back().step);
    best_.pop_back();
  }
  if (folder_) pending_[metric.step] = {name_.render({metric.step, *metric.epoch, metric.values}), weights()};
}

void BestEpochs::write(const std::function<CheckpointState(std::vector<NamedTensor>, std::uint64_t step)>& state,
                       EventSink& events) {
  if (!folder_ || pending_.empty()) return;
  for (std::size_t i = best_.size(); i-- > 0;) {
    const auto found = pending_.find(best_[i].step);
    if (found == pending_.end()) continue;
    const protocol::Checkpoint written =
        folder_->write(kBestKind, found->second.name, state(std::move(found->second.weights), best_[i].step));
    best_[i].file = written.file;
    events.emit(written);
  }
  pending_.clear();
  std::vector<std::string> files;
  for (const Best& each : best_)
    if (!each.file.empty()) files.push_back(each.file);
  folder_->prune(kBestKind, files);
}

}  // namespace trainer

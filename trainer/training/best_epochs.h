// The best epochs of a training by the trial's metric, and their weights until they are in files. Callers: loop.cpp.
// Which epochs are best is decided here; nothing of it changes the training.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "protocol/checkpoint_name.h"
#include "protocol/trial_document.h"
#include "trainer/checkpoint/checkpoint.h"
#include "trainer/training/event_sink.h"

namespace trainer {

class BestEpochs {
 public:
  /// Keeps `limit` ≥ 1 epochs. `folder` (null: no files) must outlive it.
  BestEpochs(protocol::Metric metric, std::size_t limit, protocol::NameTemplate name, CheckpointFolder* folder);

  /// What an attempt before has found; ignored where it was by another metric.
  void restore(std::vector<Best> best);

  /// An epoch has ended. Asks for its weights where it is one of the best and there is a folder. The earlier of equal
  /// values is the better.
  void offer(const protocol::MetricValues& metric, const std::function<std::vector<NamedTensor>()>& weights);

  /// Writes what is not yet in a file, the best last, and deletes the files of those that are no longer among the best,
  /// but for those that were at the write before. `state` makes a checkpoint of the weights and the step.
  void write(const std::function<CheckpointState(std::vector<NamedTensor>, std::uint64_t step)>& state,
             EventSink& events);

  const std::vector<Best>& list() const { return best_; }

 private:
  struct Pending {
    std::string name;
    std::vector<NamedTensor> weights;
  };

  protocol::Metric metric_;
  std::size_t limit_;
  protocol::NameTemplate name_;
  CheckpointFolder* folder_;
  std::vector<Best> best_;                    // the best first
  std::map<std::uint64_t, Pending> pending_;  // by step
};

}  // namespace trainer

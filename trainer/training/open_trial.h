// A trial made ready: document checked, data found, device chosen, samples prepared. Callers: trial.cpp, and locate/,
// which opens the same trial to look at single steps of it. It trains nothing.
#pragma once

#include <filesystem>
#include <string>

#include "trainer/training/loop.h"
#include "trainer/training/trial.h"
#include "trainer/training/workspace.h"

namespace trainer {

/// What the trial document asks of this program beyond its hyperparameters. Errors: UserError with every problem.
void check_document(const TrialOrder& order);

/// Sets the loss that the data asks for, where none is named. Errors: UserError where the named one is for other data.
void settle_loss(Hyperparameters& hyperparameters, Task task);

/// What a training of the trial is made of; the trial's own, or others in their place.
struct Parts {
  const Hyperparameters& hyperparameters;
  std::uint32_t seed;
  PreparedData& data;
  const kernels::Backend& ops;
  kernels::Context& context;
};

/// All that a training needs, found and checked. References outlive it. Requires: check_document().
struct OpenTrial {
  OpenTrial(const TrialOrder& its_order, Workspace& workspace);

  Setting setting(EventSink& events, CheckpointFolder* folder) {
    return setting({hyperparameters, order.document.seed, prepared, *device.ops, *device.context}, events, folder);
  }
  Setting setting(const Parts& parts, EventSink& events, CheckpointFolder* folder) const;

  /// The weights that the trial begins with, where a file has them; how many tensors were taken.
  std::size_t adopt(Training& training) const;

  /// Goes on from the order's checkpoint; returns its file's name.
  std::string restore(Training& training) const;

  const TrialOrder& order;
  Hyperparameters hyperparameters;
  Dataset& data;
  protocol::Metric metric;
  Device& device;
  PreparedData& prepared;

 private:
  Device& settled_device(Workspace& workspace);
};

}  // namespace trainer

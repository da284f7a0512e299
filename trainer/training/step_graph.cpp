// See step_graph.h.
#include "trainer/training/step_graph.h"

namespace trainer {

void StepGraph::run(int rows, bool traced, const std::function<void()>& calls) {
  Step& step = steps_[{rows, traced}];
  if (!step.has_run || !records_) {
    calls();
    step.has_run = true;
    return;
  }
  if (!step.recording) step.recording = kernels::record(ops_, context_, calls);
  ops_.replay(context_, *step.recording);
}

}  // namespace trainer

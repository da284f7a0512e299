// See step_graph.h.
#include "trainer/training/step_graph.h"

namespace trainer {

void StepGraph::run(int rows, const std::function<void()>& calls) {
  Step& step = by_rows_[rows];
  if (!step.has_run || !records_) {
    calls();
    step.has_run = true;
    return;
  }
  if (!step.recording) step.recording = kernels::record(ops_, context_, calls);
  ops_.replay(context_, *step.recording);
}

}  // namespace trainer

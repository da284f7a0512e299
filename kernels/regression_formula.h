// The loss of one predicted number. Callers: loss_* of each back end, tests. Promise: portable.
#pragma once

#include "core/host_device.h"
#include "core/math_float.h"
#include "kernels/ops.h"

namespace kernels {
inline namespace SWEEP_ISA {

struct RegressionScore {
  float loss;
  float gradient;  ///< of the mean loss by the prediction
};

/// `scale` is 1 / rows. A NaN goes through.
SWEEP_HOST_DEVICE inline RegressionScore regression_score(Regression kind, float out, float target, float scale) {
  const float d = out - target;
  if (kind == Regression::kSquared) return {d * d, (2.0f * d) * scale};
  const float sign = d > 0.0f ? 1.0f : (d < 0.0f ? -1.0f : d);
  return {core::portable::abs(d), sign * scale};
}

}  // namespace SWEEP_ISA
}  // namespace kernels

// One thing that may have been otherwise when a record was made. Callers: the families of hypotheses, which list them;
// stepper.cpp, which trains a step under each.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "kernels/hypotheses/other_backend.h"
#include "trainer/hyperparameters.h"

namespace trainer {

struct Hypothesis {
  std::string kind;                          ///< its class, one word or two: "seed", "sum order"; see docs/locating.md
  std::string text;                          ///< a sentence without its point: "the seed is 12, not 11"
  core::Json detail = core::Json::object();  ///< the same in fields

  // What is otherwise; all that is empty is as it should be.
  std::function<void(Hyperparameters&)> settings;
  std::optional<std::uint32_t> seed;
  std::function<void(kernels::hypotheses::OtherBackend&)> ops;
  /// Rewrites the rows of these samples of the training part (samples × features) in place.
  std::function<void(std::span<const std::uint32_t> samples, float* rows)> rows;

  bool needs_step_before = false;  ///< it reads what the step before left in memory
  bool is_once = false;            ///< by its nature of one step alone
};

}  // namespace trainer

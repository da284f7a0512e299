// Two builds of sweep-trainer run the same trial; the first tensor and element that they compute differently, in the
// order of computation. Called by `sweep replay --against`. Both are asked for digests of every tensor of a step (their
// verb `trace`), so that activations, losses, gradients and moments count, of which a record knows nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "protocol/trial_document.h"
#include "sweep/dispatch/trainer.h"
#include "sweep/replay/trial_record.h"

namespace sweep {

/// Where two programs part.
struct Parting {
  std::uint64_t step = 0;
  std::string tensor;       ///< as `sweep-trainer trace` names it
  std::string here, there;  ///< its value in the first program and in the second, in full
  std::size_t element = 0;  ///< of the tensor, row by row
  std::size_t rows = 0, columns = 0;
  std::size_t differing = 0;         ///< elements of the tensor that differ
  std::optional<std::uint64_t> ulp;  ///< between the two values; nothing for integers and where one is no number
  std::string other_shape;           ///< where the programs do not compute the same tensors: what the second has here
  std::string record;  ///< whose weights the record has after the step: "the sweep's trainer", …; may be empty
};

struct Against {
  std::string here, there;  ///< executables
  std::uint64_t steps = 0;  ///< compared
  std::size_t tensors = 0;  ///< of each step
  std::optional<Parting> parting;

  std::vector<std::string> lines() const;
  core::Json to_json() const;
};

struct AgainstRequest {
  BuiltinTrainer here, there;
  protocol::TrialDocument document;
  std::uint64_t last_step = 0;   ///< of the training
  std::filesystem::path folder;  ///< gets the document and the values that differ
};

/// Errors: EnvironmentError where one of the two cannot trace, or does not answer.
Against compare_programs(const AgainstRequest& request, const TrialRecord& record);

}  // namespace sweep

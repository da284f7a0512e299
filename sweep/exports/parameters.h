// The parameters of a sweep as other programs describe them: a choice, or a range of numbers. Called by the writers.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/spec/spec.h"

namespace sweep {

struct ExportedParameter {
  enum class Kind { kChoice, kInteger, kReal };
  std::string name;
  std::vector<std::string> path;  ///< as in Parameter
  Kind kind = Kind::kChoice;
  std::vector<core::Json> choices;  ///< of a choice: the values as the file has them; a constant is a choice of one
  double low = 0, high = 0;         ///< else: the smallest and the largest value that a trial can have
  std::int64_t first = 0, last = 0, step = 1;  ///< the same of an integer, exactly, and the distance of two values
  bool log = false;                            ///< of a real: spread by its logarithm, and low > 0

  /// Its value in a configuration. Requires: a configuration of the same sweep.
  const core::Json& value_in(const core::Json& config) const;
};

/// By name. A range is that of the grid where the sweep goes through one, else that of the draws: of a distribution
/// without bounds (normal) the values of the smallest and the largest quantile that a draw can have.
std::vector<ExportedParameter> exported_parameters(const Spec& spec);

/// Texts as they are; all else, a list or an object too, as canonical JSON; `nan`, `inf`, `-inf` without a wrapping.
std::string parameter_text(const core::Json& value);

}  // namespace sweep

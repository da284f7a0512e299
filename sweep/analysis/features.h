// Configurations as a forest reads them: of each parameter that varies, where each trial stands on a line or among
// choices, and how likely the sweep file makes it to stand there. Inside of analysis/.
//
// A parameter with an order is measured by the quantiles of its own distribution, so lengths on the line are shares of
// all draws, whatever the scale. A value that several quantiles give (a whole number) covers a stretch of it. Where
// some trials do not set a parameter, these stand at a stretch of their own, [-1, 0), as likely as it was among the
// trials.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/analysis/analysis.h"
#include "sweep/space/dimension.h"

namespace sweep {

/// From a share of all draws to another; of the stretch [-1, 0) it means "not set".
struct Stretch {
  double low = 0, high = 0;
};

struct Feature {
  std::string name;
  bool is_ordered = false;
  double absent = 0;                           ///< share of the trials that do not set it
  std::vector<std::uint32_t> place;            ///< of each trial: which stretch, or which level
  std::vector<Stretch> stretches;              ///< ordered: of each different value, ascending
  std::vector<core::Json> levels;              ///< else: the choices; one that is not set is null (see unset)
  std::vector<double> weights;                 ///< how likely each is, 1 together
  std::optional<std::uint32_t> unset;          ///< the level of trials that do not set it
  std::vector<std::optional<double>> numbers;  ///< of each trial, where the value is a number (no NaN)

  double start() const { return absent > 0 ? -1.0 : 0.0; }
  /// The share of all draws between two places on the line.
  double measure(double low, double high) const;
  /// Where the line is cut between two of the stretches.
  double cut(std::uint32_t left, std::uint32_t right) const {
    return stretches[left].low < 0 ? 0 : (stretches[left].high + stretches[right].low) / 2;
  }
};

/// The values of an ordered parameter, by the share of all draws that lies below them.
class Line {
 public:
  Line(const Parameter& parameter, Method method);
  /// Requires: 0 < u < 1.
  core::Json at(double u) const;
  /// The quantiles that give `value`; one point where there are none.
  Stretch stretch_of(double value) const;
  /// All values that draws (of a grid: its trials) have, ascending, where they are `most` or fewer; else empty. The
  /// stretches of them cover the line.
  std::vector<core::Json> few_values(std::size_t most) const;

 private:
  Dimension dimension_;
  bool is_grid_;
};

/// Whether the parameter has an order: it is no constant and no list of choices.
bool is_ordered(const Parameter& parameter);

/// The parameters whose values differ among the observations, by name.
std::vector<Feature> features_of(const Spec& spec, std::span<const Observation> observations);

}  // namespace sweep

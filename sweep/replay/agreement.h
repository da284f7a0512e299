// One trial, two results: a trial that ran in two sweeps of a store must have given the same bits. Where it did not,
// that is a finding about the program, the machine or what the identity of the trial does not cover; it is shown, and
// neither result is touched. Called by `sweep report`, `show`, and `run --fresh` at its end. Starts nothing, reads no
// trace: metrics of every step and the digest of the final weights are compared.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/replay/compare.h"
#include "sweep/store/store.h"

namespace sweep {

struct Disagreement {
  SharedTrial trial;
  std::string sweep;        ///< `trial.index` is its index there
  std::string what;         ///< "metric loss at step 2", "weights_sha256"
  std::string here, there;  ///< in full; "absent" where one has nothing

  /// "trial … gave two results: metric loss at step 2 is 0.5 in sweep A (#0) and 0.25 in sweep B (#3)"
  std::string text() const;
  core::Json to_json() const;
};

/// The first thing of the two records that is not the same, to the bit: metrics by step, then the final weights.
/// `sweep` and `trial` are left empty. Requires: both complete.
std::optional<Disagreement> first_disagreement(const TrialRecord& here, const TrialRecord& there);

/// Of the trials of a sweep, or of one of them, with each other sweep that ran it; by index.
std::vector<Disagreement> find_disagreements(const Store& store, const std::string& sweep,
                                             std::optional<std::uint64_t> index = {});

/// A report as JSON, with what was found under `disagreements` of its sweep, where there is anything.
core::Json with_findings(core::Json report, const std::vector<Disagreement>& found);

/// Lines for stderr: the first of them, and how many more there are. Empty for none.
template <class Finding>
std::string finding_note(const std::vector<Finding>& found) {
  constexpr std::size_t kLinesShown = 8;
  std::string lines;
  for (std::size_t i = 0; i < std::min(found.size(), kLinesShown); ++i)
    lines += (i == 0 ? "finding: " : "\nfinding: ") + found[i].text();
  if (found.size() > kLinesShown) lines += "\nand " + std::to_string(found.size() - kLinesShown) + " more";
  return lines;
}

}  // namespace sweep

// What a record holds of the steps of a trial: fingerprints of batch and tensors, by step. Callers: locate_verb.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "protocol/event.h"

namespace trainer {

/// The fingerprints of one step.
struct StepPrints {
  std::uint64_t batch = 0;
  std::vector<std::uint64_t> weights;  ///< parameters, then states, in the network's order

  bool operator==(const StepPrints&) const = default;
  /// Of single_step(). Requires: a trace of one step.
  static StepPrints of(const protocol::Trace& step) { return {step.batch.at(0), step.weights}; }
};

class RecordedSteps {
 public:
  /// Lines of events; those that are no trace are passed over. Errors: UserError for a line that is no event, for
  /// traces of different tensors, for none at all.
  static RecordedSteps parse(const std::string& text, const std::string& place);

  /// nullptr where the record has none.
  const StepPrints* at(std::uint64_t step) const;
  /// The last recorded step before `step`; 0 where there is none: the beginning is known.
  std::uint64_t last_before(std::uint64_t step) const;
  std::uint64_t last() const { return steps_.rbegin()->first; }
  const std::vector<std::string>& tensors() const { return tensors_; }

 private:
  std::vector<std::string> tensors_;
  std::map<std::uint64_t, StepPrints> steps_;
};

}  // namespace trainer

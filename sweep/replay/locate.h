// Where a record and its replay part, and what must have been otherwise for the record to be what it is. Called by
// `sweep replay --locate`. The trainer does the work (its verb `locate`): it trains the step again under one hypothesis
// after another; here its answers are held against the record.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/json.h"
#include "protocol/trial_document.h"
#include "sweep/dispatch/trainer.h"
#include "sweep/replay/trial_record.h"
#include "sweep/replay/verdict.h"

namespace sweep {

/// A hypothesis under which the step has exactly the recorded fingerprints.
struct Proof {
  std::string kind;            ///< its class: "seed", "sum order", …; docs/locating.md lists them
  std::string text;            ///< "the seed is 12, not 11"
  std::string scope;           ///< "in step 5 alone"
  bool explains_later = true;  ///< false where the step behind is not as recorded under it
  core::Json detail = core::Json::object();
};

struct Untried {
  std::string kind, why;
};

struct Located {
  std::uint64_t step = 0;        ///< that differs
  std::uint64_t first_step = 0;  ///< less than it where no step between has recorded fingerprints
  std::uint64_t epoch = 0;
  bool reproduced = false;                   ///< the trainer gave the recorded fingerprints when it was asked again
  bool batch = false;                        ///< the batch differs
  std::vector<std::string> differing, same;  ///< tensors, in the network's order
  std::vector<Proof> proven;                 ///< those that explain the steps behind first
  std::vector<Untried> untried;
  std::uint64_t tried = 0;
  std::string unavailable;  ///< why nothing was located; all else is empty then

  std::vector<std::string> lines() const;
  core::Json to_json() const;
};

/// What is written and read while locating.
struct LocateRequest {
  const BuiltinTrainer* trainer = nullptr;  ///< null: the trial is of a program of the user's
  protocol::TrialDocument document;
  std::filesystem::path folder;  ///< gets the document and the recorded events
};

/// `difference`: the first one of the replay. Errors: EnvironmentError where the trainer cannot, or does not answer.
Located locate_difference(const LocateRequest& request, const TrialRecord& record, const Difference& difference);

/// What the trainer's lines say, as far as the record agrees: a proof counts where the fingerprints that it gives are
/// the recorded ones. Errors: EnvironmentError for lines that are not those of the verb.
Located read_located(const std::vector<core::Json>& lines, const TrialRecord& record);

}  // namespace sweep

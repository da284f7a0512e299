// How one process runs trial after trial: for each the controller writes a line to its standard input, and the program
// ends the events of a trial that went well with a line of its own. Written by launch/, read by trainer/;
// docs/trial-protocol.md describes it. A trial that ends in any other way ends the process, as it would a fresh one.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/trial_document.h"

namespace protocol {

inline constexpr char kServe[] = "--serve";                    ///< the flag that makes a trainer a worker
inline constexpr char kWorkerDone[] = R"({"worker":"done"})";  ///< behind a trial's last event; no event itself

struct Assignment {
  TrialDocument document;
  std::map<std::string, std::string> environment;  ///< what else differs from trial to trial

  /// The value, or nothing where the name is not there.
  std::string variable(const std::string& name) const;
  /// Errors: UserError naming `place`.
  static Assignment from_line(std::string_view line, std::string_view place);
};

/// The line for a trial, with its newline. `document`: a document's JSON. `environment`: NAME=value; of those the
/// SWEEP_ names are taken, but for what is the process's own.
std::string assignment_line(std::string_view document, const std::vector<std::string>& environment);

}  // namespace protocol

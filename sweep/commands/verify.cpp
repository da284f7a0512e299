// sweep verify: whether the store still says what a sweep's file and seed determine.
#include "sweep/replay/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "protocol/outcome.h"
#include "sweep/commands/output.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/verbs.h"
#include "sweep/provenance/difference.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

constexpr std::size_t kLinesShown = 50;

std::string to_text(const SweepRecord& sweep, const Verified& verified) {
  std::string text =
      fmt::format("{}: sweep {}: {} trials sampled again, {} events folded again, {} rows compared\n",
                  verified.good() ? "as stored" : "changed", sweep.id, verified.trials, verified.events, verified.rows);
  const std::size_t shown = std::min(verified.changed.size(), kLinesShown);
  for (std::size_t i = 0; i < shown; ++i) text += printable(verified.changed[i].text(), 2000) + "\n";
  if (shown < verified.changed.size()) text += fmt::format("and {} more\n", verified.changed.size() - shown);
  if (verified.cut) text += "what follows was not looked at\n";
  return text;
}

int verify(const std::string& word, const Globals& globals) {
  const Store store = open_store(globals);
  const SweepRecord sweep = select_sweep(store, word);
  Verified verified = verify_sweep(store, sweep);
  if (std::string problem = difference_problem(sweep.provenance, globals.runs); !problem.empty())
    verified.changed.push_back({"sweep", "kept difference", std::move(problem), "the file as it was written"});
  if (globals.json) {
    core::Json json = verified.to_json();
    json["sweep"] = sweep.id;
    print_json(json);
  } else {
    print(to_text(sweep, verified));
  }
  return verified.good() ? protocol::kExitOk : protocol::kExitDifferent;
}

}  // namespace

std::function<int()> declare_verify(CLI::App& subcommand, Globals& globals) {
  const auto word = std::make_shared<std::string>("last");
  subcommand.add_option("SWEEP", *word, "prefix of an id, a name, or last")->type_name("")->capture_default_str();
  subcommand.footer(
      "Exit codes: 0 as stored, 3 something was changed, 2 the row that describes the sweep itself, or the "
      "order of events, is damaged; what was changed is named.");
  return [word, &globals] { return verify(*word, globals); };
}

}  // namespace sweep

// sweep list: the sweeps in the store, oldest first.
#include "sweep/commands/output.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/verbs.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

core::Json sweep_json(const SweepRecord& sweep, const Study& study) {
  core::Json json = report_json(sweep_head(sweep, study), rank(study)).at("sweep");
  json["file"] = sweep.file;
  json["created_ms"] = sweep.created_ms;
  json["ended"] = study.ended();
  json["running"] = study.running().size();
  json["best"] = nullptr;
  json["wanted"] = study.wanted(sweep.trials);
  if (const TrialState* best = study.best()) json["best"] = {{"trial", best->trial}, {"value", *study.best_value()}};
  return json;
}

std::vector<std::string> sweep_line(const SweepRecord& sweep, const Study& study) {
  const TrialState* best = study.best();
  return {sweep.id,
          sweep.name.empty() ? "-" : printable(sweep.name, 32),
          utc_text(sweep.created_ms),
          sweep.method,
          std::to_string(study.ended()) + "/" + std::to_string(study.wanted(sweep.trials)),
          sweep.metric ? printable(sweep.metric->name, 32) : "-",
          best ? rounded(*study.best_value(), 6) : "-",
          best ? best->trial : "-"};
}

int list(const Globals& globals) {
  const Store store = open_store(globals);
  std::vector<std::vector<std::string>> lines = {
      {"sweep", "name", "started", "method", "ended", "metric", "best", "trial"}};
  core::Json json = {{"sweeps", core::Json::array()}};
  for (const SweepRecord& sweep : store.sweeps()) {
    const Study study = load_study(store, sweep.id);
    if (globals.json) {
      json["sweeps"].push_back(sweep_json(sweep, study));
    } else {
      lines.push_back(sweep_line(sweep, study));
    }
  }
  if (globals.json) {
    print_json(json);
  } else if (lines.size() == 1) {
    print("no sweeps yet\n");
  } else {
    constexpr Align l = Align::kLeft;
    print(aligned(lines, {l, l, l, l, Align::kRight, l, Align::kPoint, l}));
  }
  return protocol::kExitOk;
}

}  // namespace

std::function<int()> declare_list(CLI::App&, Globals& globals) {
  return [&globals] { return list(globals); };
}

}  // namespace sweep

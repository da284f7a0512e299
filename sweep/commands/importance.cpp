// sweep importance: what the metric of a sweep depends on.
#include <memory>

#include "protocol/outcome.h"
#include "sweep/commands/analysed.h"
#include "sweep/commands/board.h"
#include "sweep/commands/metric_flag.h"
#include "sweep/commands/output.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/verbs.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/report/importance.h"

namespace sweep {
namespace {

struct Flags {
  std::string sweep = "last";
  std::string metric;
  bool pairs = false;
};

UnderMetric load(const Store& store, const SweepRecord& sweep, const std::string& metric) {
  if (!metric.empty()) return load_under_metric(store, sweep, metric);
  // Of a large sweep only the configurations that are analysed are read.
  const bool is_large = store.count_rows(sweep.id) > kLargeSweep;
  Study study = load_study(store, sweep.id, is_large ? Load::kToRank : Load::kWhole);
  SweepHead head = sweep_head(sweep, study);
  return {std::move(study), std::move(head)};
}

int importance(const Flags& flags, const Globals& globals) {
  const Store store = open_store(globals);
  const SweepRecord sweep = select_sweep(store, flags.sweep);
  const auto [study, head] = load(store, sweep, flags.metric);
  const std::vector<Row> rows = rank(study);
  const Analysis analysis = analysis_of(store, sweep, study, rows, head.metric, flags.pairs);
  if (globals.json)
    print_json(importance_json(head, analysis));
  else
    print(importance_table(head, analysis));
  return protocol::kExitOk;
}

}  // namespace

std::function<int()> declare_importance(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  subcommand.add_option("SWEEP", flags->sweep, "prefix of an id, a name, or last")
      ->type_name("")
      ->capture_default_str();
  declare_metric(subcommand, flags->metric);
  subcommand.add_flag("--pairs", flags->pairs, "what two parameters explain together, as well");
  return [flags, &globals] { return importance(*flags, globals); };
}

}  // namespace sweep

// The flag --metric of `sweep report` and `sweep importance`: another metric to judge a sweep's trials by.
#pragma once

#include <string>

#include "sweep/commands/command.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/report/report.h"

namespace sweep {

void declare_metric(CLI::App& subcommand, std::string& text);

struct UnderMetric {
  Study study;
  SweepHead head;
};

/// The same trials under the metric that `text` names, NAME:GOAL or NAME:GOAL:REDUCE; where the sweep ended stays.
/// Errors: UserError for a text that is none, and for a metric that no trial reported, with the nearest one.
UnderMetric load_under_metric(const Store& store, const SweepRecord& sweep, const std::string& text);

}  // namespace sweep

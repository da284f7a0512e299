// What a sweep's metric depends on (analysis/) → text and JSON. Called by `sweep importance`. Pure.
#pragma once

#include <string>

#include "core/json.h"
#include "sweep/analysis/analysis.h"
#include "sweep/report/report.h"

namespace sweep {

/// "38 ranked trials", "a sample of 4000 of 100000 ranked trials"; with repeats configurations, and of how many trials.
std::string analysed_text(const SweepHead& sweep, const Analysis& analysis);

/// For people: importance of each parameter, then what each of its values does. Ends with a newline.
std::string importance_table(const SweepHead& sweep, const Analysis& analysis);

/// {"sweep": {…}, "method": {…}, "parameters": […], "pairs": […], …}: exact numbers.
core::Json importance_json(const SweepHead& sweep, const Analysis& analysis);

}  // namespace sweep

// How verbs write: results on stdout, notes on stderr. Used by every verb.
#pragma once

#include <string>
#include <string_view>

#include "core/json.h"
#include "sweep/commands/command.h"
#include "sweep/report/report.h"

namespace sweep {

/// Writes a result to stdout, byte for byte. A closed pipe is no error; main.cpp looks at stdout once, at the end.
void print(std::string_view text);

/// One JSON object and a newline.
void print_json(const core::Json& json);

/// A line for people on stderr, control characters escaped; nothing under --quiet.
void note(const Globals& globals, std::string_view text);

/// What a table on stdout may do there: as wide as the terminal or as COLUMNS says, else as it is; bold, or not.
void set_terminal(ReportOptions& options, const Globals& globals);

/// Unix milliseconds as "2026-11-23 18:32:05 UTC".
std::string utc_text(std::int64_t unix_ms);

}  // namespace sweep

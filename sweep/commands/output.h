// How verbs write: results on stdout, notes on stderr. Used by every verb.
#pragma once

#include <string>
#include <string_view>

#include "core/json.h"
#include "sweep/commands/command.h"

namespace sweep {

/// Writes a result to stdout, byte for byte. A closed pipe is no error; main.cpp looks at stdout once, at the end.
void print(std::string_view text);

/// One JSON object and a newline.
void print_json(const core::Json& json);

/// A line for people on stderr, control characters escaped; nothing under --quiet.
void note(const Globals& globals, std::string_view text);

/// Unix milliseconds as "2026-11-23 18:32:05 UTC".
std::string utc_text(std::int64_t unix_ms);

/// Seconds for people: "3.25 s", "4 min 05 s", "2 h 03 min".
std::string duration_text(double seconds);

}  // namespace sweep

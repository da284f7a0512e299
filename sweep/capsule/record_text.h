// A sweep's record and a trial's events as the text of two parts, and back. Called by contents.cpp. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/store/store.h"

namespace sweep {

/// All of the record but the text of the sweep file, which is a part of its own.
core::Json to_json(const SweepRecord& sweep);
/// Errors: UserError naming `place`.
SweepRecord sweep_from_json(const core::Json& json, const std::string& place);

/// A line an event: {"attempt", "event", "kind", "seq", "time_ms"}, `event` being the line that the store keeps.
std::string to_lines(const std::vector<StoredEvent>& events);
/// The events of trial `index` of `sweep`. Errors: UserError naming `place` and the line.
std::vector<StoredEvent> events_from_lines(const std::string& text, const std::string& sweep, std::uint64_t index,
                                           const std::string& place);

}  // namespace sweep

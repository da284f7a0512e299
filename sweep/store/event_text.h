// One event ↔ one line of canonical JSON, as the store keeps it. A trainer's event is kept as its own line; the
// controller's are objects with these fields. The text is on disk: names and meanings never change, fields only come
// to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sweep/study/study.h"

namespace sweep {

/// The columns of the table `events` that an event fills.
struct EventText {
  std::string kind;  ///< with no seq "planned", "ordered", "ended", "reused", "reopened", "guard_lifted"; else
                     ///< the trainer's event name
  std::uint64_t index = 0;
  std::optional<std::uint32_t> attempt;  ///< only of ordered, ended and a trainer's event
  std::optional<std::uint64_t> seq;      ///< only of a trainer's event
  std::string line;
};

EventText to_text(const StudyEvent& event);

/// Errors: UserError that names `place` where the line is not what the columns say.
StudyEvent from_text(const EventText& text, std::string_view place);

}  // namespace sweep

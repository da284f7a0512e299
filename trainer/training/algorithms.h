// The algorithms of fast-1 in a trial's record: read where an earlier run has left them, said where they are first
// used. Callers: main.cpp, trial.cpp, loop.cpp. It chooses nothing: kernels/fast/ does.
#pragma once

#include <string>
#include <vector>

#include "kernels/backends.h"
#include "kernels/fast/choice.h"
#include "trainer/training/event_sink.h"

namespace trainer {

/// The choices in `file`; none where the name is empty. Errors: UserError naming the file.
std::vector<kernels::fast::Choice> read_algorithms(const std::string& file);

/// Emits the choices that the context's ops have used for the first time since the last call; nothing where there are
/// none, as on every other back end.
void emit_new_algorithms(kernels::Context& context, EventSink& events);

/// Emits that a recorded choice cannot be computed by here.
void emit_not_comparable(const kernels::fast::NotRebuilt& error, EventSink& events);

}  // namespace trainer

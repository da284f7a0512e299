// The command line, parsed: verbs from the table of verbs.h, the flags that every verb has, and messages for what is
// not understood, with the nearest verb or flag. Called by main.cpp.
#pragma once

#include <functional>

#include "sweep/commands/command.h"

namespace sweep {

/// What the command line asks for, ready to run; `--help`, `--version` and no verb at all are answers too. Fills
/// `globals`, which outlives what is returned. Errors: UserError.
std::function<int()> parse_command_line(int argc, char** argv, Globals& globals);

}  // namespace sweep

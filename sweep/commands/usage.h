// The command line, parsed: verbs from the table of verbs.h, the flags that every verb has, and messages for what is
// not understood, with the nearest verb or flag. Called by main.cpp.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "sweep/commands/command.h"

namespace sweep {

/// A verb and what runs it.
using DeclaredVerb = std::pair<CLI::App*, std::function<int()>>;

/// Declares the flags that every verb has, and every verb with its own. `globals` outlives `app`.
std::vector<DeclaredVerb> declare_everything(CLI::App& app, Globals& globals);

/// What the command line asks for, ready to run; `--help`, `--version` and no verb at all are answers too. Fills
/// `globals`, which outlives what is returned. Errors: UserError.
std::function<int()> parse_command_line(int argc, char** argv, Globals& globals);

}  // namespace sweep

// The one table of verbs; main.cpp declares them, in this order, and suggests from them.
#pragma once

#include <span>

#include "sweep/commands/command.h"

namespace sweep {

std::function<int()> declare_run(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_resume(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_stop(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_cancel(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_retry(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_check(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_plan(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_report(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_importance(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_list(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_show(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_diff(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_logs(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_replay(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_verify(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_completion(CLI::App& subcommand, Globals& globals);
std::function<int()> declare_doctor(CLI::App& subcommand, Globals& globals);

/// Every verb, in the order of `sweep --help`.
std::span<const Verb> verbs();

}  // namespace sweep

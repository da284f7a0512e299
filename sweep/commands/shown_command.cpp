// See shown_command.h.
#include "sweep/commands/shown_command.h"

#include "core/error.h"
#include "sweep/program/command_line.h"

namespace sweep {
namespace {

std::string as_written(const std::string& name) { return "${envvar:" + name + "}"; }

}  // namespace

std::vector<std::string> shown_command(const ReadyProgram& program, const PlannedTrial& trial,
                                       const std::filesystem::path& attempt_folder) {
  std::vector<std::string> shown = start_of(program, trial, attempt_folder).argv;
  CommandContext context;
  context.seed = trial.seed;
  context.interpreter = program.interpreter;
  const auto expanded = [&](auto value) {
    context.environment = [value](const std::string& name) { return std::optional<std::string>(value(name)); };
    return expand_command(program.program, program.parameters, trial.config, context);
  };
  // An item that depends on what a variable holds is one that names it. Not empty: the first item must be a word.
  const std::vector<std::string> written = expanded(as_written);
  const std::vector<std::string> other = expanded([](const std::string&) { return "-"; });
  core::check(written.size() == shown.size() && other.size() == shown.size(), "a variable that is more than one item");
  for (std::size_t i = 0; i < shown.size(); ++i)
    if (written[i] != other[i]) shown[i] = written[i];
  return shown;
}

}  // namespace sweep

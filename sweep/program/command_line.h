// The command of a user's program, its macros replaced: what is to be started for one trial. Called by dispatch/ for
// each attempt and by `sweep check`. Pure except find_interpreter(): no shell is involved, nothing is started.
//
// The macros are those of spec/macros.h, which read_spec() has checked. A macro counts where it is a whole item of
// `command`; `${envvar:NAME}` and `${seed}` count inside an item too. Any other text with a dollar is left as it is, as
// W&B's agent leaves it: it may be meant for a shell that the command names. Values are written as Python's str()
// writes them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "sweep/spec/spec.h"

namespace sweep {

/// What the macros draw on.
struct CommandContext {
  std::uint32_t seed = 0;      ///< the trial's training seed
  std::string interpreter;     ///< find_interpreter(PATH); empty where there is none
  std::string args_json_file;  ///< path of the file that holds args_json(config); needed where needs_args_json_file()
  std::function<std::optional<std::string>(const std::string& name)> environment;  ///< the controller's
};

/// The arguments of one trial's process; the first is the program to start. `config` is the trial's, nested by
/// Parameter::path. Parameters come in sorted dotted order.
/// Requires: config holds every parameter; context.args_json_file where needs_args_json_file(program).
/// Errors: UserError with every problem of the command: a variable that is not set, no interpreter, ${program} without
/// `program`, a command that comes out empty.
std::vector<std::string> expand_command(const UserProgram& program, const std::vector<Parameter>& parameters,
                                        const core::Json& config, const CommandContext& context);

/// The command as the identity of a trainer knows it: ${program} and ${envvar:NAME} replaced, what differs from trial
/// to trial (arguments, seed) and what is the machine's (env, interpreter) left as macros. Errors: as above.
std::vector<std::string> resolve_command(const UserProgram& program, const CommandContext& context);

/// Whether the command holds ${args_json_file}, so that the file must be written first.
bool needs_args_json_file(const UserProgram& program);

/// The text of ${args_json} and of the file of ${args_json_file}: one JSON object, nested, keys sorted, numbers that
/// are not finite as NaN, Infinity, -Infinity (json.loads of Python reads those).
std::string args_json(const core::Json& config);

/// The parameter's value in a trial's configuration. Requires: it is there.
const core::Json& parameter_value(const Parameter& parameter, const core::Json& config);

/// "python" where the folders of `path` (as PATH holds them) have an executable of that name, else "python3" where they
/// have that, else nothing.
std::string find_interpreter(std::string_view path);

}  // namespace sweep

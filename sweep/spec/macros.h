// The macros of a command, as one table: read_spec() checks commands by it, and whoever starts a program expands by it.
// Knows how a macro is written; what it expands to is not decided here.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sweep {

enum class Macro {
  kEnv,                 ///< /usr/bin/env
  kInterpreter,         ///< python
  kProgram,             ///< `program`
  kArgs,                ///< --k=v, an item each
  kArgsNoHyphens,       ///< k=v
  kArgsNoEquals,        ///< --k v, two items each
  kArgsNoBooleanFlags,  ///< --k=v, --k for true, nothing for false
  kArgsAppendHydra,     ///< +k=v
  kArgsOverrideHydra,   ///< ++k=v
  kArgsJson,            ///< one JSON object
  kArgsJsonFile,        ///< path of a file with it
  kSeed,                ///< the training seed
  kEnvvar,              ///< ${envvar:NAME}: a variable of the environment
};

struct MacroWord {
  std::string_view word;  ///< between ${ and }, or before the colon
  Macro macro;
  bool inside = false;  ///< may stand inside an item too; the others stand as a whole item alone, as in W&B
};

inline constexpr std::array kMacros = {
    MacroWord{"env", Macro::kEnv},
    MacroWord{"interpreter", Macro::kInterpreter},
    MacroWord{"program", Macro::kProgram},
    MacroWord{"args", Macro::kArgs},
    MacroWord{"args_no_hyphens", Macro::kArgsNoHyphens},
    MacroWord{"args_no_equals", Macro::kArgsNoEquals},
    MacroWord{"args_no_boolean_flags", Macro::kArgsNoBooleanFlags},
    MacroWord{"args_append_hydra", Macro::kArgsAppendHydra},
    MacroWord{"args_override_hydra", Macro::kArgsOverrideHydra},
    MacroWord{"args_json", Macro::kArgsJson},
    MacroWord{"args_json_file", Macro::kArgsJsonFile},
    MacroWord{"seed", Macro::kSeed, true},
    MacroWord{"envvar", Macro::kEnvvar, true},
};

/// One ${…} of an item of a command.
struct MacroUse {
  std::size_t begin = 0, end = 0;    ///< its bytes, from the $ to behind the }
  std::string_view word;             ///< as typed, before a colon
  std::string_view argument;         ///< behind the colon; empty where there is none
  const MacroWord* known = nullptr;  ///< its row of the table; null where there is none
  bool closed = true;                ///< whether it has its }
};

/// Every ${ of `item`, from left to right. A $ before anything else is an ordinary character.
std::vector<MacroUse> find_macros(std::string_view item);

/// The words of the table.
std::vector<std::string> macro_words();

}  // namespace sweep

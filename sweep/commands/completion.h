// What may stand next on a command line: verbs, flags, words of flags, and the ids of trials and sweeps. Called by
// `sweep completion`, whose scripts ask it at each press of the key. It never fails: where nothing is known, nothing is
// offered.
#pragma once

#include <string>
#include <vector>

#include "sweep/commands/command.h"

namespace sweep {

/// Stands for the names of files in the answer of complete().
inline constexpr char kCompleteFiles[] = ":files";

/// Words that may take the place of the last of `words`, which is what is being typed, possibly empty; `words` begins
/// after the program's name. Sorted; only those that begin with it.
std::vector<std::string> complete(const std::vector<std::string>& words, const Globals& globals);

/// The script for a shell. Requires: shell is bash, zsh or fish.
std::string completion_script(const std::string& shell);

}  // namespace sweep

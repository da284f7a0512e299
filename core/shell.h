// Words and command lines as a shell reads them back: for commands that are shown to people. Starts nothing.
#pragma once

#include <string>
#include <vector>

namespace core {

/// `word`, in single quotes where it needs them.
std::string shell_quoted(const std::string& word);

/// The words of a command, a blank between them. The first is quoted too where it would set a variable (NAME=value).
std::string shell_quoted(const std::vector<std::string>& arguments);

}  // namespace core

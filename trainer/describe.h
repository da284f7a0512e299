// What sweep-trainer says of itself: --help for people, --describe for the controller, --version. Callers: main.cpp.
#pragma once

#include <string>

namespace trainer {

std::string help_text();

/// One line of canonical JSON: {"data": [builtin names], "devices": ["cpu", "cuda"], "hyperparameters": [rows],
/// "identity", "metrics": [those that may rank], "protocol": 1, "test_metrics": [reported, never ranked on]}.
std::string describe_text();

std::string version_text();

}  // namespace trainer

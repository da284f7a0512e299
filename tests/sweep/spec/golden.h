// Files of a folder and the text that is expected of each, which stands beside it as NAME.txt.
// SWEEP_WRITE_GOLDEN=1 writes the texts instead; read the difference before it is kept.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

/// Compares `found(file)` with FILE.txt for every file of tests/sweep/spec/`folder`. Returns how many there are.
int check_golden(const std::string& folder, const std::function<std::string(const std::filesystem::path&)>& found);

// Checks of flags that take a count or a share. CLI11's own name their range as doubles.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

namespace sweep {

/// Accepts whole numbers from `min` to `max`, digits only; its message says so.
CLI::Validator whole_number(std::uint64_t min, std::uint64_t max);

/// Accepts a number above 0 and up to 1.
CLI::Validator share();

}  // namespace sweep

// A check of flags that take a count. CLI11's own name their range as doubles.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

namespace sweep {

/// Accepts whole numbers from `min` to `max`, digits only; its message says so.
CLI::Validator whole_number(std::uint64_t min, std::uint64_t max);

}  // namespace sweep

// The last lines that an attempt printed, for `sweep show` of a trial that did not end well.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sweep/store/store.h"

namespace sweep {

struct LastLines {
  std::vector<std::string> out, err;  ///< printable; of standard output and standard error

  bool empty() const { return out.empty() && err.empty(); }
};

/// Of one attempt, at most `lines` of each. Empty where it printed nothing.
LastLines last_lines_of(const Store& store, const std::filesystem::path& runs, const std::string& trial,
                        const TrialPlace& place, std::uint32_t attempt, std::size_t lines);

/// The last lines of a text, made printable. An unfinished one counts.
std::vector<std::string> last_lines(std::string_view text, std::size_t lines);

}  // namespace sweep

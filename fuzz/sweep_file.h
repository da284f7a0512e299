// Any text as a sweep file: what must hold whatever stands in it. Called by the targets sweep_json and sweep_yaml.
#pragma once

#include <string_view>

namespace fuzz {

/// Aborts where reading does anything but succeed or refuse the text with problems that have their places, and where
/// what was read does not keep the rules of a Spec.
void read_sweep_file(std::string_view text, std::string_view file);

}  // namespace fuzz

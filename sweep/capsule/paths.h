// Folders of a machine taken out of what is handed to others. Called by contents.cpp. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/json.h"

namespace sweep {

/// `text` with the last step alone of each absolute path in it: "/home/ann/a.py: no" → "a.py: no". A path begins with a
/// slash or with "~/" at the beginning of the text or behind a blank, a quote, a bracket, '=', ':', ',' or ';', and
/// ends before one of these. "//" and what is behind it is no path: addresses stay.
std::string without_folders(std::string_view text);

/// The same in every string of a value, keys too.
core::Json json_without_folders(const core::Json& json);

}  // namespace sweep

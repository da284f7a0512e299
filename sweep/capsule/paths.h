// Folders of a machine taken out of what is handed to others. Called by contents.cpp and export.cpp. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/json.h"

namespace sweep {

/// Where in a word that is no text (an argument, a name, an address) an absolute path begins that goes to its end: of
/// "/a b", "~/a", "--flag=/a", "NAME=/a", "-f/a", "file:///a"; npos where there is none.
std::size_t path_in_word(std::string_view word);

/// `text` with the last step alone of each absolute path in it: "/home/ann/a.py: no" → "a.py: no". A path begins with a
/// slash or with "~/" at the beginning of the text or behind a blank, a quote, a bracket, '=', ':', ',' or ';', and
/// ends before one of these. "//" and what is behind it is no path: addresses stay.
std::string without_folders(std::string_view text);

/// The last step of a path, whatever is in it: "/home/ann lee/a b/" → "a b"; of "/" that.
std::string last_step(std::string_view path);

/// A word with the last step alone of the path in it, blanks and brackets of its folders too; one that has none at
/// path_in_word() as without_folders() has it.
std::string word_without_folders(std::string_view word);

/// word_without_folders() of every string of a value, keys too.
core::Json json_without_folders(const core::Json& json);

}  // namespace sweep

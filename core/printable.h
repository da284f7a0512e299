// Foreign text (names, file names, what a program said) made harmless for a terminal. Called by both programs before
// they print a message. Exact forms (CSV, JSON) do not come through here.
#pragma once

#include <string>
#include <string_view>

namespace core {

/// `text` with everything escaped that could move a cursor, change a colour or turn the reading direction: control
/// characters (C0, DEL, C1), line and paragraph separators, bidirectional and zero-width controls, bytes that are not
/// UTF-8. Escapes are \n, \t, \xNN, \uNNNN.
std::string printable(std::string_view text);

/// As printable(), but line feeds and tabs stay: for whole messages and for a trial's output.
std::string printable_lines(std::string_view text);

}  // namespace core

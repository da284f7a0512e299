// Text and bytes as they may stand in an HTML file. The only way in which anything of a sweep comes into a page. Inside
// of html/.
#pragma once

#include <string>
#include <string_view>

#include "core/json.h"

namespace sweep {

/// core::printable(), and of a longer text the first `max_columns` columns; then HTML's special characters as entities,
/// so that it may stand between tags and in a quoted attribute.
std::string escaped(std::string_view text, std::size_t max_columns = 200);
/// The same of a text of several lines, line ends kept; not cut.
std::string escaped_lines(std::string_view text);

/// <TAG ATTRIBUTES>INNER</TAG>. Requires: attributes and inner are markup.
std::string element(std::string_view tag, std::string_view attributes, std::string_view inner);
/// A table cell's or a paragraph's text.
std::string text_element(std::string_view tag, std::string_view text);

/// RFC 4648, padded.
std::string base64(std::string_view bytes);
/// RFC 1950, as a browser's DecompressionStream("deflate") reads it.
std::string deflated(std::string_view bytes);
/// 'sha256-…', as a content security policy names an inline script or style.
std::string policy_hash(std::string_view text);

/// `json` as a script element's text: no '<', '>' or '&' is left in it, nor a line separator of JavaScript.
std::string json_for_script(const core::Json& json);

}  // namespace sweep

// Canonical JSON: the one form in which the project writes JSON and the only form that is ever hashed.
// Rules: keys sorted by bytes, no spaces, strings as UTF-8 with the shortest escapes, integers as written, doubles in
// the shortest form that reads back to the same bits and always with a '.' or an 'e', -0.0 kept, not-finite numbers as
// {"float":"nan"}, {"float":"inf"}, {"float":"-inf"}. So 2 and 2.0 stay different on every way.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace core {

/// Objects are ordered by bytes of the key; integers, unsigned integers and doubles stay apart.
using Json = nlohmann::json;

/// The canonical text. Requires: every string is valid UTF-8 (else UserError).
std::string canonical_json(const Json& value);

/// A double as canonical JSON writes it; `nan`, `inf`, `-inf` for those that are not finite.
std::string format_double(double value);

/// Appends a number as canonical JSON writes it: the one place that formats numbers.
void append_number(std::string& out, double value);
void append_number(std::string& out, std::int64_t value);

/// Whether two numbers are the same, and whether one is less. The library's own operators take a whole number above
/// 2^63 for a negative one where they meet another of those. Requires: both are numbers. A NaN is neither.
bool same_number(const Json& a, const Json& b);
bool less_number(const Json& a, const Json& b);

/// Reads JSON text written by a program (not by a person: sweep/spec/document.h keeps positions for those). Turns
/// {"float":"nan"} and its kin back into doubles. Errors: UserError for the byte, a huge number, 1000 levels.
Json parse_json(std::string_view text, std::string_view place);

}  // namespace core

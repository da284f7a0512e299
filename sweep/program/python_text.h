// A value as Python spells it: what `print` shows and what a literal in a Python source looks like. Used for the
// arguments of a user's program and for templates. It reads nothing back.
// Determinism: a function of the value; floats in the shortest digits that read back to the same bits.
#pragma once

#include <string>

#include "core/json.h"

namespace sweep {

/// str(value): True, None, 0.1, 1e-05, 1e+16, nan; a string as it is; [1, 'a', None] and {'a': 1}, keys sorted.
std::string python_str(const core::Json& value);

/// repr(value): as above, but a string stands in quotes, with escapes for what Python does not print.
std::string python_repr(const core::Json& value);

/// json.dumps of Python, which other readers of JSON take too: canonical JSON, except that numbers which are not finite
/// are NaN, Infinity and -Infinity.
std::string program_json(const core::Json& value);

}  // namespace sweep

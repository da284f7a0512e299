// Strict JSON (RFC 8259) → Node with marks, through nlohmann-json's event interface. Called by Document alone.
#pragma once

#include "sweep/spec/document.h"

namespace sweep {

/// Refused, each with its place: a byte order mark, bytes that are not UTF-8, comments, trailing commas, NaN and its
/// kin, repeated keys, integers beyond 64 bits, numbers that no double holds, more than kDeepest levels.
/// Errors: UserError with every problem up to the first that breaks the syntax.
Node read_json(const SourceText& source);

}  // namespace sweep

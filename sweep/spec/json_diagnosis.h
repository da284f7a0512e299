// Why JSON does not parse, in words that help: what was expected and what stands there. Called by json_reader.cpp when
// the parser has given up; the text is looked at again from the last good token on.
#pragma once

#include <cstddef>
#include <string_view>

#include "sweep/spec/source_text.h"

namespace sweep {

/// How far the reading got.
struct JsonState {
  enum class After { kNothing, kObjectStart, kListStart, kKey, kItem, kMember, kDocument };

  After after = After::kNothing;  ///< what the last good token was
  std::size_t last_start = 0;     ///< its first byte
  std::size_t cursor = 0;         ///< the byte after it
  Mark open;                      ///< where the innermost open object or list begins
};

/// The problem at the first token that does not belong where it stands.
core::Problem diagnose_json(const SourceText& source, const JsonState& state);

/// The byte after the token that starts at `start`. Requires: the parser took it.
std::size_t json_token_end(std::string_view text, std::size_t start);

}  // namespace sweep

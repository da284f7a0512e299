// Why a text is no YAML, in words that help. Called by yaml_reader.cpp when the parser has given up; the text around
// that place is looked at again.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "sweep/spec/source_text.h"

namespace sweep {

/// How far the reading got. Offsets are bytes.
struct YamlState {
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  /// Of each list and object that has not ended, outermost first: the [ or { within which it stands, kNone for a block.
  std::vector<std::size_t> open;
  std::size_t last_scalar = kNone;  ///< where the last scalar begins, with its anchor and tag
};

/// Where the value itself begins whose anchor or tag may stand at `at`.
std::size_t behind_properties(std::string_view text, std::size_t at);

/// The problem at `at`, where the parser stopped.
core::Problem diagnose_yaml(const SourceText& source, const YamlState& state, std::size_t at);

/// A problem where the last scalar is a string in quotes that nothing closes: the parser takes it for one that ends
/// with the file.
std::optional<core::Problem> open_quote(const SourceText& source, const YamlState& state);

}  // namespace sweep

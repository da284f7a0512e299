// YAML → Node with marks, through yaml-cpp's event interface. Called by Document alone. What a scalar without quotes
// means is yaml_scalar.h's; why a text does not parse is yaml_diagnosis.h's.
#pragma once

#include <vector>

#include "sweep/spec/document.h"

namespace sweep {

/// One document of block or flow style, with anchors, aliases and merge keys. A key is its text as written. A repeated
/// key is a warning, and the last one counts. Refused, each with its place: what read_json() refuses, tags other than
/// those of JSON's types, lists and objects as keys, a second document, aliases that multiply beyond kMostAliased.
/// Errors: UserError with every problem up to the first that breaks the syntax.
Node read_yaml(const SourceText& source, std::vector<Finding>& warnings);

/// Values that aliases may add to those that are written: far above any use, far below what fills a memory.
inline constexpr std::size_t kMostAliased = 200'000;

}  // namespace sweep

// What a scalar of YAML means: null, a boolean, a number or a string. Called by yaml_reader.cpp; knows no places.
#pragma once

#include <string>
#include <string_view>

#include "core/json.h"

namespace sweep {

/// A scalar's value. Where `problem` is not empty there is none; a `warning` leaves it as it is.
struct YamlScalar {
  core::Json value;
  std::string problem, remedy;
  std::string warning, advice;
};

/// Without quotes and tag: nulls and booleans of YAML 1.1 (~, null, yes, on, true, … ), integers (10, +3, 0x1f, 0o17,
/// 0b11, 1_000), floats of YAML 1.2 (0.5, .5, 5., 1e-5, 1_000.5, .inf, .nan); a number with a '_' elsewhere than
/// between two digits of it (1_, 1_e5) is a problem; everything else is a string. Integers are kept in 64 bits,
/// nonnegative ones as unsigned, as the JSON reader does.
YamlScalar plain_yaml_scalar(std::string_view text);

/// With one of the tags !!str !!int !!float !!bool !!null; `tag` is its last word.
YamlScalar tagged_yaml_scalar(std::string_view tag, std::string_view text);

}  // namespace sweep

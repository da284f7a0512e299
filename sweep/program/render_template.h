// A configuration file written for one trial from a template of the user's: `lr = {{ learning_rate }}`. Called by
// dispatch/ for each of `templates`, and by `sweep check` with any one configuration. Pure: reads and writes no file.
//
// {{ name }}           the value as TOML, YAML and JSON write it: true, null, 0.1, ["a"], but a string without quotes
// {{ name | json }}    the value as JSON, a string in quotes
// {{ name | python }}  the value as a Python literal: True, None, 'adam'
// {{{{                 two opening braces
// `name` is a parameter, a nested one with its dots; `seed` is the training seed. Everything else stays as it is, `}}`
// outside a tag too, so that JSON may nest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "sweep/spec/spec.h"

namespace sweep {

struct RenderedTemplate {
  std::string text;
  std::vector<core::Problem> warnings;  ///< a template that names no parameter
};

/// `place` is the template's path, for messages. Requires: config holds every parameter. Errors: UserError with every
/// problem, each with file:line:column, the line and a caret: an unknown name (with the nearest one), an unknown form,
/// a tag that is not closed on its line.
RenderedTemplate render_template(std::string_view text, const std::filesystem::path& place,
                                 const std::vector<Parameter>& parameters, const core::Json& config,
                                 std::uint32_t seed);

}  // namespace sweep

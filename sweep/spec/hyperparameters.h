// The sweep file against what the built-in trainer says of itself: unknown names, values out of range or of the wrong
// type, the metric's name, builtin: data. Called by read_spec(). Inside of spec/.
#pragma once

#include "core/json.h"
#include "sweep/spec/document.h"
#include "sweep/spec/reading.h"
#include "sweep/spec/spec.h"

namespace sweep {

/// Reports each problem at its place. `spec` is what could be read of the file: parameters that are wrong in themselves
/// are not among its parameters.
void check_hyperparameters(Reading& reading, const Node& root, const Spec& spec, const core::Json& description);

}  // namespace sweep

// The verb `data`: reads a data set and says what it is, or what is wrong with it, before any trial. Called by
// main.cpp; people and `sweep check` ask it. It trains nothing.
#pragma once

#include <string>

namespace trainer {

/// Prints one line of JSON to standard output: form, task, samples of each part, features, classes and so on; or, where
/// the data set is refused, {"problems": [{place, problem, remedy}, …]}, and throws the same. `source` is a path or
/// builtin:NAME, `options` JSON text as of protocol/data_options.h or empty. Returns the exit code.
/// Errors: UserError.
int run_data_verb(const std::string& source, const std::string& options);

}  // namespace trainer

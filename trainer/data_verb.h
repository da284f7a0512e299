// The verb `data`: reads a data set and says what it is, or what is wrong with it, before any trial. Called by
// main.cpp; people and `sweep check` ask it. It trains nothing.
#pragma once

#include <string>

namespace trainer {

/// Prints one line of JSON to standard output: form, task, samples of each part, features, classes and so on; or, where
/// the data set is refused, {"problems": [{place, problem, remedy}, …]}, and throws the same. `source` is a path or
/// builtin:NAME, `options` JSON text as of protocol/data_options.h or empty, `configs` a JSON list of configurations of
/// trials or empty. What a trial of one of them could not do with the data set (its split, its network) is no fault of
/// the data's: it stands in "trials", [{trial, place, problem, remedy}, …], with the place in the list, from 0.
/// Returns the exit code. Errors: UserError.
int run_data_verb(const std::string& source, const std::string& options, const std::string& configs);

}  // namespace trainer

// sweep-trainer fast: what the bits of numerics fast depend on here. Called by main.cpp; asked by the controller before
// a sweep of fast-1 begins.
#pragma once

namespace trainer {

/// Prints the class of device as canonical JSON; returns the exit code. Errors: EnvironmentError where fast-1 cannot be
/// computed here: no GPU, driver or library, or a build without them.
int run_fast_verb();

}  // namespace trainer

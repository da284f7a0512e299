// Where the record of a trial is: a result may be reused from another sweep of the store, or drawn twice in one. Called
// by replay.cpp and capsule/. Reads the store, starts nothing.
#pragma once

#include "sweep/store/store.h"

namespace sweep {

/// The trial where it ran.
struct Origin {
  SweepRecord sweep;
  TrialState trial;
};

/// Follows reuse and repetition from `place`. Errors: UserError where the store lacks a sweep on the way.
Origin find_origin(const Store& store, TrialPlace place);

}  // namespace sweep

// The class of device that the bits of a sweep under fast-1 depend on, as the trainer sees it. Called by prepare.cpp
// and by whoever goes on with a recorded sweep. It asks the trainer and reads no GPU itself.
#pragma once

#include <string>

#include "core/json.h"
#include "sweep/dispatch/trainer.h"
#include "sweep/store/store.h"

namespace sweep {

/// What numerics of an identity are: {"fast-1": class}. Errors: EnvironmentError with what the trainer said where it
/// cannot compute fast-1 here: no GPU, driver or library, or a build without them.
core::Json fast_numerics(const BuiltinTrainer& trainer);

/// Whether these numerics of an identity are those of fast-1.
bool is_fast(const core::Json& numerics);

inline constexpr char kPortableNumerics[] = "portable-1";
inline constexpr char kExternalNumerics[] = "external";

/// The word for these numerics of an identity in documents and comparisons: "portable-1", "fast-1" or "external".
std::string numerics_name(const core::Json& numerics);

/// Before a recorded sweep goes on. Errors: EnvironmentError naming what is another by now; as fast_numerics(). Of
/// other numerics nothing is asked.
void check_fast_class(const SweepRecord& record, const BuiltinTrainer& trainer);

}  // namespace sweep

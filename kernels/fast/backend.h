// The table of fast-1: the CUDA one, with matrix products by cuBLASLt and convolutions by cuDNN; promise of these
// entries: `fast` (docs/fast.md), of all others portable. Callers: trainer/training/. No header of NVIDIA is needed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/backends.h"
#include "kernels/fast/choice.h"

namespace kernels::fast {

/// The name of this arithmetic, as recorded: a change of the rules of choice is another number.
inline constexpr char kNumerics[] = "fast-1";

/// The table; null where this build has none.
const Backend* backend();

/// A CUDA context that the table computes on, and the CUDA table as well. Errors: EnvironmentError that says what is
/// missing: build, driver, device.
std::unique_ptr<Context> make_context();

/// Before the first op of a trial. `recorded`: see Plans. Whatever was recorded on the context must be gone.
void begin_trial(Context& context, Precision precision, std::vector<Choice> recorded);

/// See Plans. Empty for a context of another back end.
std::vector<Choice> take_choices(Context& context);

/// What the bits depend on: name, compute capability and multiprocessors of the GPU, version of the driver's CUDA, of
/// cuDNN and of cuBLASLt. Opens both. Errors: EnvironmentError.
core::Json device_class(Context& context);

}  // namespace kernels::fast

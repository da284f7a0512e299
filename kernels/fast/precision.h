// What products are computed in under fast-1: the values of the hyperparameter `precision`.
#pragma once

#include <optional>
#include <string_view>

namespace kernels::fast {

/// Sums are binary32 in all of them, and so are the weights that the optimizer changes.
enum class Precision {
  kFp32,  ///< binary32 in and out, no tensor cores
  kTf32,  ///< binary32 in and out; tensor cores may round the factors to 10 bits of fraction
  kBf16,  ///< factors rounded to bfloat16, to nearest even; a convolution's result as well
};
std::string_view name(Precision precision);  ///< "fp32", "tf32", "bf16": on disk
std::optional<Precision> precision_named(std::string_view name);

}  // namespace kernels::fast

// What a library does in the same call as a product or a convolution. Callers: product.h, convolution.h.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "kernels/ops.h"

namespace kernels::fast {

/// `bias` is one number for each column of a product, for each filter of a convolution, or for each row of a product
/// where it is a gradient.
enum class Epilogue {
  kNone,
  kBias,         ///< results += bias
  kBiasRelu,     ///< results = relu(results + bias)
  kBiasGradient  ///< of a product kTN alone: bias = the sum of A's rows, whose order is the library's own
};

/// What stands for it in a key: "", " bias", " bias relu", " bias gradient". On disk.
inline std::string_view name(Epilogue epilogue) {
  constexpr std::array<std::string_view, 4> kNames = {"", " bias", " bias relu", " bias gradient"};
  return kNames[static_cast<std::size_t>(epilogue)];
}

/// The epilogue that bias and activation of a layer are in; nothing where there is none. gelu has none: that of
/// cuBLASLt is the approximation by tanh, another function than ours. tanh and sigmoid would be other functions, too.
inline std::optional<Epilogue> epilogue_of(Activation activation) {
  if (activation == Activation::kNone) return Epilogue::kBias;
  return activation == Activation::kRelu ? std::optional(Epilogue::kBiasRelu) : std::nullopt;
}

/// The same operation with nothing behind it, which is what is left to do by calls of their own.
template <class Operation>
Operation without_epilogue(Operation operation) {
  operation.epilogue = Epilogue::kNone;
  return operation;
}

}  // namespace kernels::fast

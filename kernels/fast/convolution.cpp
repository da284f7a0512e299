// See convolution.h.
#include "kernels/fast/convolution.h"

#include <algorithm>
#include <array>

namespace kernels::fast {
namespace {

// What is harmless is listed, not what is harmful: a note that a later cuDNN invents is refused.
constexpr std::array<std::string_view, 3> kHarmless = {"STRICT_NAN_PROP", "SUPPORTS_CUDA_GRAPH_NATIVE_API",
                                                       "CUBLASLT_DEPENDENCY"};
// What rounds the factors: only where the trial asks for it.
constexpr std::array<std::string_view, 2> kRounding = {"TENSOR_CORE", "DOWN_CONVERT_INPUTS"};

template <std::size_t kCount>
bool is_one_of(std::string_view note, const std::array<std::string_view, kCount>& notes) {
  return std::find(notes.begin(), notes.end(), note) != notes.end();
}

}  // namespace

std::string_view name(ConvolutionPart part) {
  constexpr std::array<std::string_view, 3> kNames = {"conv2d", "conv2d_data", "conv2d_filter"};
  return kNames[static_cast<std::size_t>(part)];
}

std::string Convolution::text() const {
  return key_text(std::string(name(part)) + std::string(name(epilogue)),
                  {{"n", shape.batch},
                   {"h", shape.height},
                   {"w", shape.width},
                   {"c", shape.channels},
                   {"f", shape.filters},
                   {"kh", shape.kernel_height},
                   {"kw", shape.kernel_width},
                   {"s", shape.stride},
                   {"pt", shape.pad_top},
                   {"pl", shape.pad_left},
                   {"oh", shape.out_height},
                   {"ow", shape.out_width}},
                  precision);
}

std::string refusal(const Candidate& candidate, Precision precision) {
  for (const std::string& note : candidate.notes) {
    const bool is_allowed = is_one_of(note, kHarmless) || (precision != Precision::kFp32 && is_one_of(note, kRounding));
    if (!is_allowed) return note;
  }
  return candidate.workspace_bytes > kMostConvolutionBytes ? "workspace" : "";
}

}  // namespace kernels::fast

// A convolution or one of its gradients as cuDNN is asked for it, what cuDNN offers, and which offers fast-1 takes. No
// cuDNN in here: the rules are tested without it. Callers: cudnn.cpp, cuda_fast.cpp, tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/fast/choice.h"
#include "kernels/fast/epilogue.h"
#include "kernels/ops.h"

namespace kernels::fast {

/// Scratch memory that an engine may have. It changes the choice, and so is never derived from what is free.
inline constexpr std::uint64_t kMostConvolutionBytes = std::uint64_t{64} << 20;

enum class ConvolutionPart { kForward, kData, kFilter };
std::string_view name(ConvolutionPart part);  ///< "conv2d", "conv2d_data", "conv2d_filter", as the ops

struct Convolution {
  ConvolutionPart part;
  Conv2dShape shape;
  Precision precision;
  Epilogue epilogue = Epilogue::kNone;  ///< of kForward: kBias or kBiasRelu

  /// "conv2d bias relu n64 h32 …", or "conv2d n64 h32 w32 c3 f16 kh3 kw3 s1 pt1 pl1 oh32 ow32 bf16": the key of its
  /// choice. On disk.
  std::string text() const;
};

/// An engine that cuDNN's heuristic names, with what cuDNN says of it.
struct Candidate {
  Engine engine;
  std::uint64_t workspace_bytes = 0;
  std::vector<std::string> notes;  ///< "TENSOR_CORE", "NONDETERMINISTIC", "RUNTIME_COMPILATION", …; one that this
                                   ///< version does not know is "NUMERICAL_NOTE_<number>" or "BEHAVIOR_NOTE_<number>"
};

/// Why fast-1 does not take it: the note, or "workspace"; empty where it does.
std::string refusal(const Candidate& candidate, Precision precision);

}  // namespace kernels::fast

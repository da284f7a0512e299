// cuDNN, opened when it is first used and hidden: which engine computes a convolution, and computing it. Callers:
// cuda_fast.cpp, tests. No header of NVIDIA is needed to include this one. It caches nothing: plans.h does.
//
// Determinism: choose() is a function of the convolution, cuDNN's version and the device's description; nothing is
// ever timed. Errors: EnvironmentError that names the operation, the call and cuDNN's status.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernels/fast/convolution.h"

namespace kernels::fast {

/// Which list of cuDNN's: A, its choice by a table; kFallback, what works in any case.
enum class Heuristic { kA, kFallback };

/// An engine made ready for one convolution.
class ConvolutionPlan {
 public:
  virtual ~ConvolutionPlan() = default;
  ConvolutionPlan(const ConvolutionPlan&) = delete;
  ConvolutionPlan& operator=(const ConvolutionPlan&) = delete;

  virtual std::uint64_t workspace_bytes() const = 0;
  /// cuDNN's own words for the plan: "engine", which is not about the device; "operationGraph", what it was asked for.
  virtual core::Json json() const = 0;
  /// In stream order. `in` and `other`: x and w, dy and w, dy and x, as the op has them; `bias` of the epilogue, null
  /// without one. Requires: on_device(); `workspace` of workspace_bytes(), all pointers aligned to 16 bytes.
  virtual void run(void* out, const void* in, const void* other, const void* bias, void* workspace) const = 0;

 protected:
  ConvolutionPlan() = default;
};

class Cudnn {
 public:
  /// For a device that need not be there: cuDNN's JSON of its properties. Plans of it can be made, not run.
  static std::unique_ptr<Cudnn> described(std::string device_json);
  /// On the current CUDA device, whose context exists. `stream` is a cudaStream_t.
  static std::unique_ptr<Cudnn> on_device(void* stream);

  virtual ~Cudnn() = default;
  Cudnn(const Cudnn&) = delete;
  Cudnn& operator=(const Cudnn&) = delete;

  /// "cudnn 9.19.0"
  virtual std::string version() const = 0;
  /// cuDNN's description of the device: what described() takes.
  virtual std::string device_json() const = 0;
  /// What a heuristic names, the best first.
  virtual std::vector<Candidate> candidates(const Convolution& convolution, Heuristic heuristic) = 0;
  /// Null where cuDNN does not support that engine with these knobs for this convolution, here.
  virtual std::unique_ptr<ConvolutionPlan> plan(const Convolution& convolution, const Engine& engine) = 0;

 protected:
  Cudnn() = default;
};

struct ChosenPlan {
  Choice choice;
  std::unique_ptr<ConvolutionPlan> plan;
  Heuristic heuristic;  ///< whose list it is of
};

/// The first engine of list A that refusal() lets pass and cuDNN supports, then the first of kFallback. Errors:
/// EnvironmentError where there is none.
ChosenPlan choose(Cudnn& cudnn, const Convolution& convolution);
/// The same for a convolution with an epilogue, which may be done without: nothing where no engine has it, or where
/// only a lesser one has, that is of kFallback or without tensor cores where the convolution alone would be of list A
/// or with them.
std::optional<ChosenPlan> find_fused(Cudnn& cudnn, const Convolution& convolution);
/// The plan of a recorded choice. Errors: NotRebuilt, where it is not of this version, or its plan is another by now.
std::unique_ptr<ConvolutionPlan> rebuild(Cudnn& cudnn, const Convolution& convolution, const Choice& recorded);

/// "cudnn 9.19.0". Opens cuDNN, and no device. Errors: EnvironmentError.
std::string cudnn_version();
/// Whether cuDNN can be opened here; else why not, in `why`.
bool cudnn_is_there(std::string& why);

}  // namespace kernels::fast

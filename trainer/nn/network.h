// A network: layers, their tensors and the loss, over one table of ops. Callers: training/. It knows nothing of data
// sets, epochs, optimizers.
//
// Shapes: x rows × the input's count, NHWC; tokens rows × the input's positions; labels, loss, correct rows ×
// targets(). Determinism: portable; every number is an op's.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/backends.h"
#include "trainer/hyperparameters.h"
#include "trainer/nn/builder.h"
#include "trainer/nn/layer.h"
#include "trainer/nn/loss.h"
#include "trainer/nn/sequential.h"

namespace trainer {

/// A batch on the device: numbers, or the tokens of texts.
struct Input {
  const float* x = nullptr;
  const std::int32_t* tokens = nullptr;
  int rows = 0;
};

class Network {
 public:
  /// The model that the hyperparameters name (models.h), with `outputs` outputs at each target, for batches of up to
  /// `batch` samples. Errors: kernels::OutOfMemory; UserError for a tensor of 2^31 values or more, or an input that the
  /// model cannot take.
  Network(const kernels::Backend&, kernels::Context&, const Hyperparameters&, const InputShape& input, int outputs,
          int batch);

  /// The last layer starts at a tenth of its scale: the first predictions are near to uniform, so the first loss is
  /// near to ln(classes) and the first steps do not undo a random guess.
  void initialise(kernels::Initialisation, std::uint64_t seed);

  /// Samples that one call of evaluate takes at most; no result depends on it.
  int evaluation_rows() const { return rows_; }
  /// Targets of a sample: 1, or one for each position of a text.
  int targets() const { return layers_.output().positions(); }
  int outputs() const { return layers_.output().channels; }
  LossKind loss() const { return loss_.kind(); }

  /// Loss and hit (and rank, where it is wanted) of each target; nothing random, nothing kept.
  void evaluate(const Input&, const Targets&, const Scores&);

  /// Loss and hit of each target, with the random numbers of the state's step; leaves the gradient of the mean loss in
  /// `gradient` of every parameter.
  void forward_backward(const Input&, const Targets&, const Scores&, std::uint64_t seed,
                        const kernels::StepState* state);

  /// The outputs of a batch (rows × targets × outputs, good until the next call), as evaluation computes them.
  const float* evaluate_outputs(const Input&);

  /// The same with the random numbers of the state's step; nothing else changes.
  const float* probe(const Input&, std::uint64_t seed, const kernels::StepState* state);

  std::vector<Parameter>& parameters() { return parameters_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  /// What training moves without a gradient: running statistics.
  std::vector<Parameter>& states() { return states_; }
  const std::vector<Parameter>& states() const { return states_; }

 private:
  const float* forward(const Input&, const Pass&);
  void initialise(Parameter&, kernels::Initialisation, std::uint64_t seed);

  const kernels::Backend& ops_;
  kernels::Context& context_;
  int batch_;
  int rows_;
  Sequential layers_;
  std::vector<Parameter> parameters_;
  std::vector<Parameter> states_;
  Loss loss_;
  kernels::Buffer<float> gradient_;  ///< of the mean loss by the outputs
};

}  // namespace trainer

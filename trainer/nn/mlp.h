// A stack of fully connected layers and a softmax on top: forward, loss and backward over one table of ops. Callers:
// training/. It owns weights, gradients and activations on the device; it knows nothing of data sets, epochs,
// optimizers.
//
// Shapes: activations rows × features, row-major; a layer's weight is outputs × inputs, its bias outputs.
// Determinism: portable; every number is an op's. Results of a row do not depend on how many rows go with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/backends.h"

namespace trainer {

struct MlpShape {
  int inputs = 0;
  std::vector<int> hidden;
  int classes = 0;
  kernels::Activation activation = kernels::Activation::kRelu;
  float dropout = 0;  ///< after each hidden activation, in training only
};

/// One trained tensor. `id` is its place in the list: what initialisation and fingerprint are keyed by.
struct Parameter {
  std::string name;  ///< layers.0.weight, layers.0.bias, layers.1.weight, …
  std::uint32_t id = 0;
  int rows = 0;
  int columns = 0;  ///< 1 for a bias
  kernels::Buffer<float> value;
  kernels::Buffer<float> gradient;

  int count() const { return rows * columns; }
};

class Mlp {
 public:
  /// Room for batches of up to `max_rows`. Errors: kernels::OutOfMemory; UserError for a layer of 2^31 weights or more.
  Mlp(const kernels::Backend&, kernels::Context&, MlpShape, int max_rows);

  /// Biases are zero. The last layer starts at a tenth of its scale: the first predictions are near to uniform, so the
  /// first loss is near to ln(classes) and the first steps do not undo a random guess.
  void initialise(kernels::Initialisation, std::uint64_t seed);

  /// Loss and hit of each row, no dropout, nothing kept. Shapes: x rows × inputs; labels, loss, correct rows.
  void evaluate(const float* x, const std::int32_t* labels, int rows, float* loss, std::int32_t* correct);

  /// Loss and hit of each row, with dropout of the state's step; leaves the gradient of the mean loss in `gradient` of
  /// every parameter.
  void forward_backward(const float* x, const std::int32_t* labels, int rows, float* loss, std::int32_t* correct,
                        std::uint64_t seed, const kernels::StepState* state);

  std::vector<Parameter>& parameters() { return parameters_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }

 private:
  struct Layer {
    int inputs = 0;
    int outputs = 0;
    kernels::Buffer<float> before;     ///< sums before the activation; gelu alone needs them again
    kernels::Buffer<float> activated;  ///< what the activation gave; the logits in the last layer
    kernels::Buffer<float> dropped;    ///< after dropout; only where `activated` is needed again
    kernels::Buffer<float> gradient;   ///< of the loss by this layer's sums
  };
  struct Training {
    std::uint64_t seed;
    const kernels::StepState* state;
  };

  const float* forward(const float* x, int rows, const Training* training);
  void backward(const float* x, int rows, const Training& training);
  const float* output(const Layer& layer) const;
  bool keeps_activated() const;
  Parameter& weight(std::size_t layer) { return parameters_[2 * layer]; }
  Parameter& bias(std::size_t layer) { return parameters_[2 * layer + 1]; }

  const kernels::Backend& ops_;
  kernels::Context& context_;
  MlpShape shape_;
  int max_rows_;
  std::vector<Layer> layers_;
  std::vector<Parameter> parameters_;
};

}  // namespace trainer

// What every layer of a network is: a function of a batch, and its gradient. Callers: sequential.cpp and network.cpp,
// which know layers only by this. One file a layer has forward and backward next to each other (dense.cpp, …).
#pragma once

#include <cstdint>

#include "kernels/backends.h"

namespace trainer {

/// What one sample is to a layer. An image is height × width × channels, channels fastest; a row of features 1 × 1 × n;
/// a text of t characters t × 1 × n.
struct Shape {
  int height = 1;
  int width = 1;
  int channels = 0;

  int positions() const { return height * width; }
  int count() const { return positions() * channels; }
  bool operator==(const Shape&) const = default;
};

enum class Mode {
  kEvaluation,  ///< nothing random, nothing kept
  kTraining,    ///< random numbers of the state's step; running statistics move; a backward may follow
  kProbe,       ///< random numbers of the state's step, and as evaluation otherwise
};

/// What the samples are.
enum class Form { kNumbers, kImages, kText };

/// What a network takes: a text has a shape of characters × 1 × 1.
struct InputShape {
  Shape shape;
  Form form = Form::kNumbers;
};

/// One passage of a batch through the network.
struct Pass {
  Mode mode = Mode::kEvaluation;
  int rows = 0;  ///< samples
  std::uint64_t seed = 0;
  const kernels::StepState* state = nullptr;  ///< device; null in evaluation
  const std::int32_t* tokens = nullptr;       ///< device, of a text: rows × positions; what the embedding reads

  bool is_random() const { return mode != Mode::kEvaluation; }
};

/// A layer keeps what its backward needs between the two calls; another forward in between spoils it.
/// Determinism: portable; every number is an op's. What a row gives does not depend on the rows beside it, but where
/// the layer says so (batch norm in training).
class Layer {
 public:
  virtual ~Layer() = default;
  Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  virtual Shape output() const = 0;

  /// Shapes: in rows × input. Returns rows × output: memory of the layer, or `in` where the layer leaves it as it is.
  virtual const float* forward(const Pass& pass, const float* in) = 0;

  /// After forward(pass, in). Overwrites the gradient of every parameter of the layer. Shapes: gradient rows × output;
  /// in_gradient rows × input, null where nobody wants it. The two do not overlap, unless goes_back_in_place(); nor do
  /// in_gradient and in, unless goes_back_over_input().
  virtual void backward(const Pass& pass, const float* in, const float* gradient, float* in_gradient) = 0;

  /// Whether backward may be given one memory for both gradients, which then need only be fetched once.
  virtual bool goes_back_in_place() const { return false; }

  /// Whether backward may be given `in` for the gradient of it.
  virtual bool goes_back_over_input() const { return false; }

  /// The output's memory where backward does not read it: the layer above may put the output's gradient there. Else
  /// null.
  virtual float* replaceable_output() { return nullptr; }

  /// The output's memory where a dropout may do its work in place without harm to backward; else null.
  virtual float* droppable_output() { return nullptr; }
};

}  // namespace trainer

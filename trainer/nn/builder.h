// The tensors of a network while it is built: a layer asks here for its parameters, its state that is not trained, and
// memory for its results. Callers: the layers' constructors and the models; network.h owns it. It trains nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/backends.h"
#include "trainer/nn/layer.h"

namespace trainer {

/// How a parameter begins.
struct Start {
  enum class Kind { kWeights, kNormal, kZero, kOne };
  Kind kind = Kind::kZero;
  int fan_in = 1;  ///< kWeights: by the trial's method (He, Xavier), times scale
  int fan_out = 1;
  float scale = 1.0f;  ///< kNormal: the deviation
};

/// One tensor: a parameter, which is trained, or a state (running statistics), which is not and has no gradient. `id`
/// is its place in the list, parameters first: what initialisation and fingerprint are keyed by.
struct Parameter {
  std::string name;  ///< layers.0.weight, layers.0.bias, layers.1.weight, …
  std::uint32_t id = 0;
  std::vector<int> shape;
  Start start;
  kernels::Buffer<float> value;
  kernels::Buffer<float> gradient;  ///< empty for a state, and for a frozen parameter

  bool is_trained() const { return gradient.data() != nullptr; }

  int count() const { return static_cast<int>(value.size()); }
};

/// Device memory of a tensor, for its layer.
struct Weights {
  float* value = nullptr;
  float* gradient = nullptr;  ///< null where nobody wants it
  int count = 0;
};

/// Memory that several layers use, one at a time; as large as the largest of them asks for.
class SharedMemory {
 public:
  float* data() { return memory_.data(); }

 private:
  friend class Builder;
  std::size_t count_ = 0;
  kernels::Buffer<float> memory_;
};
using Shared = std::shared_ptr<SharedMemory>;

class Builder {
 public:
  /// Room for batches of `rows` samples, of which training takes at most `training_rows`. `place` is the
  /// hyperparameter that a message names where a tensor is too large. `frozen`: parameters that get no gradient, by
  /// their name or that of a scope.
  Builder(const kernels::Backend&, kernels::Context&, int rows, int training_rows, std::string place,
          std::vector<std::string> frozen);

  const kernels::Backend& ops;
  kernels::Context& context;

  /// From here on a message about a tensor that is too large names this hyperparameter.
  void name_place(std::string place) { place_ = std::move(place); }

  int rows() const { return rows_; }
  int training_rows() const { return training_rows_; }

  /// A tensor called `name` within the present scope. Errors: UserError for 2^31 values or more; OutOfMemory.
  Weights parameter(const std::string& name, std::vector<int> shape, Start start);
  Weights state(const std::string& name, std::vector<int> shape, Start start);

  /// Memory for the results of a layer, and for gradients of them. Errors: as parameter.
  kernels::Buffer<float> results(const Shape& shape) { return memory(shape, rows_); }
  kernels::Buffer<float> gradients(const Shape& shape) { return memory(shape, training_rows_); }

  /// Gradients for the time of one call, in memory that layers share: scratch for one layer's backward, and the two
  /// places between the layers of a sequence, which differ by the depth to which sequences are nested.
  Shared scratch(const Shape& shape) { return shared(0, shape); }
  Shared between(int depth, int turn, const Shape& shape) { return shared(1 + 2 * depth + turn, shape); }
  /// Once all layers are there: gives the shared memory its size.
  void allocate_shared();

  /// Number of a layer that draws random numbers: 0, 1, 2, … in the order of the network.
  std::uint32_t random_stream() { return streams_++; }

  /// Calls body(); names of tensors made in it go on with `scope`. Scopes nest.
  template <class Body>
  void within(const std::string& scope, Body&& body) {
    scopes_.push_back(scope);
    body();
    scopes_.pop_back();
  }
  std::string scope() const;

  /// Errors: UserError where a name among `frozen` is none, or nothing is left to train.
  std::vector<Parameter> take_parameters();
  std::vector<Parameter> take_states();

 private:
  bool is_frozen(const std::string& name) const;
  void check_frozen() const;
  kernels::Buffer<float> memory(const Shape& shape, int rows);
  std::size_t checked_count(const Shape& shape, int rows) const;
  Shared shared(int slot, const Shape& shape);
  Parameter make(const std::string& name, std::vector<int> shape, Start start);

  int rows_;
  int training_rows_;
  std::string place_;
  std::vector<std::string> frozen_;
  std::vector<std::string> scopes_;
  std::uint32_t streams_ = 0;
  std::vector<Parameter> parameters_;
  std::vector<Parameter> states_;
  std::vector<Shared> shared_;
};

}  // namespace trainer

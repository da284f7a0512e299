// See network.h.
#include "trainer/nn/network.h"

#include <algorithm>

#include "core/error.h"
#include "trainer/nn/models.h"

namespace trainer {

using kernels::Initialisation;

namespace {

// A multiple of 16, so that each pass of an evaluation begins at a cache line of whatever has an entry a row.
int rows_of_evaluation(int batch, const Hyperparameters& hyperparameters) {
  return (std::max(batch, evaluation_rows_of(hyperparameters)) + 15) / 16 * 16;
}

}  // namespace

Network::Network(const kernels::Backend& ops, kernels::Context& context, const Hyperparameters& hyperparameters,
                 const InputShape& input, int outputs, int batch)
    : ops_(ops),
      context_(context),
      batch_(batch),
      rows_(rows_of_evaluation(batch, hyperparameters)),
      layers_(input.shape),
      loss_(ops, context, hyperparameters.loss == LossKind::kOfTask ? LossKind::kCrossEntropy : hyperparameters.loss,
            hyperparameters.label_smoothing, outputs) {
  Builder builder(ops, context, rows_, batch_, size_hyperparameter(hyperparameters), hyperparameters.freeze);
  build_model(builder, layers_, hyperparameters, input.form, outputs);
  layers_.finish(builder);
  gradient_ = builder.gradients(layers_.output());
  builder.allocate_shared();
  states_ = builder.take_states();
  parameters_ = builder.take_parameters();
}

void Network::initialise(Initialisation method, std::uint64_t seed) {
  for (Parameter& parameter : parameters_) initialise(parameter, method, seed);
  for (Parameter& state : states_) initialise(state, method, seed);
}

void Network::initialise(Parameter& p, Initialisation method, std::uint64_t seed) {
  const Start& start = p.start;
  const auto fill = [&](Initialisation kind, int fan_in, int fan_out) {
    ops_.initialise(context_, kind, p.value.data(), p.count(), fan_in, fan_out, start.scale, seed, p.id);
  };
  switch (start.kind) {
    case Start::Kind::kWeights:
      return fill(method, start.fan_in, start.fan_out);
    case Start::Kind::kNormal:
      return fill(Initialisation::kHe, 2, 1);  // variance 2/2
    case Start::Kind::kZero:
      return fill(Initialisation::kZero, 1, 1);
    case Start::Kind::kOne: {
      const std::vector<float> ones(p.value.size(), 1.0f);
      ops_.copy_to_device(context_, p.value.data(), ones.data(), ones.size() * sizeof(float));
      return ops_.synchronize(context_);  // the host's copy goes away
    }
  }
}

const float* Network::forward(const Input& input, const Pass& pass) {
  core::check(input.rows >= 1 && input.rows <= rows_, "more rows than the network has room for");
  return layers_.forward(pass, input.x);
}

const float* Network::evaluate_outputs(const Input& input) {
  return forward(input, {Mode::kEvaluation, input.rows, 0, nullptr, input.tokens});
}

void Network::evaluate(const Input& input, const Targets& targets, const Scores& scores) {
  const float* outputs = evaluate_outputs(input);
  loss_.run(outputs, targets, input.rows * this->targets(), scores, nullptr);
}

void Network::forward_backward(const Input& input, const Targets& targets, const Scores& scores, std::uint64_t seed,
                               const kernels::StepState* state) {
  core::check(input.rows <= batch_, "a training batch larger than the network was made for");
  const Pass pass{Mode::kTraining, input.rows, seed, state, input.tokens};
  const float* outputs = forward(input, pass);
  loss_.run(outputs, targets, input.rows * this->targets(), scores, gradient_.data());
  layers_.backward(pass, input.x, gradient_.data(), nullptr);
}

const float* Network::probe(const Input& input, std::uint64_t seed, const kernels::StepState* state) {
  return forward(input, {Mode::kProbe, input.rows, seed, state, input.tokens});
}

}  // namespace trainer

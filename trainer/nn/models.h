// The models: which layers a network has, from its hyperparameters. Callers: network.cpp. One file a model.
#pragma once

#include <string>
#include <vector>

#include "trainer/hyperparameters.h"
#include "trainer/nn/builder.h"
#include "trainer/nn/sequential.h"

namespace trainer {

inline constexpr float kLastLayerScale = 0.1f;  ///< of the initial weights of the layer that predicts

/// Appends the layers of the model to `layers`, whose output is the input's shape. Errors: UserError where the model
/// cannot take such input, or the hyperparameters do not fit together.
void build_model(Builder&, Sequential& layers, const Hyperparameters&, Form input, int outputs);

/// The hyperparameter that decides how large the model is, as messages name it: "config.hidden".
std::string size_hyperparameter(const Hyperparameters&);

/// Samples that a pass of evaluation takes at least: so many that the pass is worth its overhead, so few that its
/// results fit into memory.
int evaluation_rows_of(const Hyperparameters&);

void build_mlp(Builder&, Sequential&, const Hyperparameters&, int outputs);
void build_cnn(Builder&, Sequential&, const Hyperparameters&, int outputs);
void build_resnet(Builder&, Sequential&, const Hyperparameters&, int outputs);
void build_transformer(Builder&, Sequential&, const Hyperparameters&, int outputs);

/// Fully connected layers of `sizes` (name.0, name.1, …), each with activation and dropout, and one that predicts.
void add_dense_layers(Builder&, Sequential&, const Hyperparameters&, const std::vector<int>& sizes,
                      const std::string& name, int outputs);

}  // namespace trainer

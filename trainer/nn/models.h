// The models: which layers a network has, from its hyperparameters. Callers: network.cpp. One file a model.
#pragma once

#include <string>

#include "trainer/hyperparameters.h"
#include "trainer/nn/builder.h"
#include "trainer/nn/sequential.h"

namespace trainer {

inline constexpr float kLastLayerScale = 0.1f;  ///< of the initial weights of the layer that predicts

/// Appends the layers of the model to `layers`, whose output is the data's shape. Errors: UserError where the model
/// cannot take it.
void build_model(Builder&, Sequential& layers, const Hyperparameters&, int outputs);

/// The hyperparameter that decides how large the model is, as messages name it: "config.hidden".
std::string size_hyperparameter(const Hyperparameters&);

/// Samples that a pass of evaluation takes: so many that the pass is worth its overhead and its results fit in memory.
int evaluation_rows_of(const Hyperparameters&);

/// Fully connected layers, each with activation and dropout.
void build_mlp(Builder&, Sequential&, const Hyperparameters&, int outputs);

}  // namespace trainer

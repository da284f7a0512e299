// Chooses the model; see models.h.
#include "trainer/nn/models.h"

namespace trainer {

void build_model(Builder& builder, Sequential& layers, const Hyperparameters& hyperparameters, int outputs) {
  build_mlp(builder, layers, hyperparameters, outputs);
}

std::string size_hyperparameter(const Hyperparameters&) { return "config.hidden"; }

int evaluation_rows_of(const Hyperparameters&) { return 1024; }

}  // namespace trainer

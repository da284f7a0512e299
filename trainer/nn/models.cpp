// The table of models; see models.h.
#include "trainer/nn/models.h"

#include <array>
#include <string_view>

#include "core/error.h"

namespace trainer {
namespace {

struct Model {
  std::string_view name;
  void (*build)(Builder&, Sequential&, const Hyperparameters&, int outputs);
  bool takes_numbers, takes_images, takes_text;
  const char* size;  ///< the hyperparameter that decides how large it is
  int evaluation_rows;
};

constexpr std::array kModels{Model{"mlp", build_mlp, true, true, false, "config.hidden", 1024},
                             Model{"cnn", build_cnn, false, true, false, "config.channels", 128},
                             Model{"resnet", build_resnet, false, true, false, "config.width", 128},
                             Model{"transformer", build_transformer, false, false, true, "config.context", 64}};

const Model& model_of(const Hyperparameters& h) {
  for (const Model& model : kModels)
    if (model.name == h.model) return model;
  core::check(false, "a model without layers");
  return kModels[0];
}

bool takes(const Model& model, Form form) {
  if (form == Form::kText) return model.takes_text;
  return form == Form::kImages ? model.takes_images : model.takes_numbers;
}

std::string_view name_of(Form form) {
  if (form == Form::kText) return "a text";
  return form == Form::kImages ? "images" : "rows of numbers";
}

}  // namespace

void build_model(Builder& builder, Sequential& layers, const Hyperparameters& h, Form input, int outputs) {
  const Model& model = model_of(h);
  if (!takes(model, input)) {
    std::string others;
    for (const Model& other : kModels)
      if (takes(other, input)) others += (others.empty() ? "" : ", ") + std::string(other.name);
    throw core::UserError("config.model", h.model + " cannot take " + std::string(name_of(input)),
                          "for such data there is " + others);
  }
  model.build(builder, layers, h, outputs);
}

std::string size_hyperparameter(const Hyperparameters& h) { return model_of(h).size; }

int evaluation_rows_of(const Hyperparameters& h) { return model_of(h).evaluation_rows; }

}  // namespace trainer

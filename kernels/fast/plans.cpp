// See plans.h.
#include "kernels/fast/plans.h"

#include <utility>

namespace kernels::fast {

Plans::Plans(Libraries libraries, std::vector<Choice> recorded) : libraries_(std::move(libraries)) {
  for (Choice& choice : recorded) {
    std::string operation = choice.operation;
    recorded_.insert_or_assign(std::move(operation), std::move(choice));
  }
}

const Choice* Plans::recorded(const std::string& operation) const {
  const auto found = recorded_.find(operation);
  return found == recorded_.end() ? nullptr : &found->second;
}

Cudnn& Plans::cudnn() {
  if (!cudnn_) cudnn_ = libraries_.open_cudnn();
  return *cudnn_;
}

ProductLibrary& Plans::products() {
  if (!products_) products_ = libraries_.open_products();
  return *products_;
}

const ConvolutionPlan& Plans::convolution(const Convolution& convolution) {
  const std::string operation = convolution.text();
  if (const auto known = convolution_plans_.find(operation); known != convolution_plans_.end()) return *known->second;
  const Choice* const was = recorded(operation);
  ChosenPlan chosen = was ? ChosenPlan{*was, rebuild(cudnn(), convolution, *was)} : choose(cudnn(), convolution);
  choices_.push_back(std::move(chosen.choice));
  return *convolution_plans_.emplace(operation, std::move(chosen.plan)).first->second;
}

const Plans::ProductPlan& Plans::keep(const Product& product, Choice choice) {
  const ProductPlan plan{rebuild(products(), product, choice), choice.workspace_bytes};
  choices_.push_back(std::move(choice));
  return *product_plans_.emplace(product.text(), plan).first->second;
}

const Plans::ProductPlan& Plans::product(const Product& product) {
  const std::string operation = product.text();
  if (const auto known = product_plans_.find(operation); known != product_plans_.end()) return *known->second;
  const Choice* const was = recorded(operation);
  return keep(product, was ? *was : choose(products(), product));
}

const Plans::ProductPlan* Plans::fused(const Product& product) {
  const std::string operation = product.text();
  if (const auto known = product_plans_.find(operation); known != product_plans_.end())
    return known->second ? &*known->second : nullptr;
  if (const Choice* const was = recorded(operation)) return &keep(product, *was);
  Product alone = product;
  alone.epilogue = Epilogue::kNone;
  auto choice = recorded(alone.text()) ? std::nullopt : find_choice(products(), product);
  if (choice) return &keep(product, *std::move(choice));
  product_plans_.emplace(operation, std::nullopt);
  return nullptr;
}

std::vector<Choice> Plans::take_choices() { return std::exchange(choices_, {}); }

}  // namespace kernels::fast

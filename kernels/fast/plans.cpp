// See plans.h.
#include "kernels/fast/plans.h"

#include <utility>

#include "core/error.h"

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

Plans::Made<ConvolutionPlan> Plans::make(const Convolution& convolution, const Choice* was) {
  if (was) return {*was, rebuild(cudnn(), convolution, *was)};
  if (convolution.epilogue == Epilogue::kNone) {
    ChosenPlan chosen = choose(cudnn(), convolution);
    return {std::move(chosen.choice), std::move(chosen.plan)};
  }
  auto chosen = find_fused(cudnn(), convolution);
  if (!chosen) return {};
  return {std::move(chosen->choice), std::move(chosen->plan)};
}

Plans::Made<ProductPlan> Plans::make(const Product& product, const Choice* was) {
  std::optional<Choice> choice;
  if (was)
    choice = *was;
  else if (product.epilogue == Epilogue::kNone)
    choice = choose(products(), product);
  else
    choice = find_choice(products(), product);
  if (!choice) return {};
  const ProductPlan plan{rebuild(products(), product, *choice), choice->workspace_bytes};
  return {*std::move(choice), std::make_unique<ProductPlan>(plan)};
}

template <class Operation, class Plan>
const Plan* Plans::find(const Operation& operation, Known<Plan>& known) {
  const std::string key = operation.text();
  if (const auto found = known.find(key); found != known.end()) return found->second.get();
  core::check(!libraries_.is_recording || !libraries_.is_recording(), (key + " is recorded and never ran").c_str());
  const Choice* const was = recorded(key);
  const bool is_recorded_apart =
      !was && operation.epilogue != Epilogue::kNone && recorded(without_epilogue(operation).text());
  Made<Plan> made = is_recorded_apart ? Made<Plan>{} : make(operation, was);
  if (made.plan) choices_.push_back(std::move(made.choice));
  return known.emplace(key, std::move(made.plan)).first->second.get();
}

const ConvolutionPlan& Plans::convolution(const Convolution& convolution) { return *find(convolution, convolutions_); }

const ProductPlan& Plans::product(const Product& product) { return *find(product, product_plans_); }

const ConvolutionPlan* Plans::fused(const Convolution& convolution) { return find(convolution, convolutions_); }

const ProductPlan* Plans::fused(const Product& product) { return find(product, product_plans_); }

std::vector<Choice> Plans::take_choices() { return std::exchange(choices_, {}); }

}  // namespace kernels::fast

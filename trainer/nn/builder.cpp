// See builder.h.
#include "trainer/nn/builder.h"

#include <algorithm>
#include <limits>

#include "core/error.h"

namespace trainer {
namespace {

constexpr auto kLimit = static_cast<std::size_t>(std::numeric_limits<int>::max());
constexpr char kBeyond[] = ", more than one tensor holds (2^31 − 1)";

std::string sides_of(const std::vector<int>& shape) {
  std::string sides;
  for (const int side : shape) sides += (sides.empty() ? "" : "×") + std::to_string(side);
  return sides;
}

// The product, or more than kLimit where it is beyond that.
std::size_t volume(const std::vector<int>& shape) {
  std::size_t count = 1;
  for (const int side : shape) {
    core::check(side >= 1, "a tensor with an empty side");
    if (count <= kLimit) count *= static_cast<std::size_t>(side);
  }
  return count;
}

}  // namespace

Builder::Builder(const kernels::Backend& table, kernels::Context& its_context, int rows, int training_rows,
                 std::string place)
    : ops(table), context(its_context), rows_(rows), training_rows_(training_rows), place_(std::move(place)) {}

std::string Builder::scope() const {
  std::string path;
  for (const std::string& part : scopes_) path += (path.empty() ? "" : ".") + part;
  return path;
}

Parameter Builder::make(const std::string& name, std::vector<int> shape, Start start) {
  if (volume(shape) > kLimit)
    throw core::UserError(place_, scope() + " would have " + sides_of(shape) + " weights for batches of " +
                                      std::to_string(rows_) + kBeyond);
  Parameter made;
  made.name = scope() + "." + name;
  made.value = kernels::Buffer<float>(ops, context, volume(shape), made.name + " of " + sides_of(shape));
  made.shape = std::move(shape);
  made.start = start;
  return made;
}

Weights Builder::parameter(const std::string& name, std::vector<int> shape, Start start) {
  Parameter made = make(name, std::move(shape), start);
  made.id = static_cast<std::uint32_t>(parameters_.size());
  made.gradient = kernels::Buffer<float>(ops, context, made.value.size(),
                                         "gradient of " + made.name + " of " + sides_of(made.shape));
  parameters_.push_back(std::move(made));
  Parameter& kept = parameters_.back();
  return {kept.value.data(), kept.gradient.data(), kept.count()};
}

Weights Builder::state(const std::string& name, std::vector<int> shape, Start start) {
  states_.push_back(make(name, std::move(shape), start));
  return {states_.back().value.data(), nullptr, states_.back().count()};
}

std::vector<Parameter> Builder::take_states() {
  for (std::size_t i = 0; i < states_.size(); ++i) states_[i].id = static_cast<std::uint32_t>(parameters_.size() + i);
  return std::move(states_);
}

std::size_t Builder::checked_count(const Shape& shape, int rows) const {
  const std::size_t count = volume({rows, shape.height, shape.width, shape.channels});
  if (count > kLimit)
    throw core::UserError(place_, scope() + " would have " + std::to_string(shape.height) + "×" +
                                      std::to_string(shape.width) + "×" + std::to_string(shape.channels) +
                                      " results for batches of " + std::to_string(rows) + kBeyond);
  return count;
}

kernels::Buffer<float> Builder::memory(const Shape& shape, int rows) {
  return {ops, context, checked_count(shape, rows),
          "results of " + scope() + " of " + sides_of({rows, shape.height, shape.width, shape.channels})};
}

Shared Builder::shared(int slot, const Shape& shape) {
  const auto place = static_cast<std::size_t>(slot);
  while (shared_.size() <= place) shared_.push_back(std::make_shared<SharedMemory>());
  shared_[place]->count_ = std::max(shared_[place]->count_, checked_count(shape, training_rows_));
  return shared_[place];
}

void Builder::allocate_shared() {
  for (const Shared& each : shared_)
    each->memory_ = kernels::Buffer<float>(ops, context, each->count_, "gradients between layers");
}

}  // namespace trainer

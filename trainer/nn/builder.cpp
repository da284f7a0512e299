// See builder.h.
#include "trainer/nn/builder.h"

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "core/suggest.h"

namespace trainer {
namespace {

constexpr std::size_t kMostListed = 16;  // names in a message

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

// Whether the name is the chosen one, or of a tensor in the chosen scope.
bool covers(const std::string& chosen, const std::string& name) {
  return name.starts_with(chosen) && (name.size() == chosen.size() || name[chosen.size()] == '.');
}

}  // namespace

Builder::Builder(const kernels::Backend& table, kernels::Context& its_context, int rows, int training_rows,
                 std::string place, std::vector<std::string> frozen)
    : ops(table),
      context(its_context),
      rows_(rows),
      training_rows_(training_rows),
      place_(std::move(place)),
      frozen_(std::move(frozen)) {}

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
  if (!is_frozen(made.name))
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

bool Builder::is_frozen(const std::string& name) const {
  return std::any_of(frozen_.begin(), frozen_.end(), [&](const std::string& chosen) { return covers(chosen, name); });
}

void Builder::check_frozen() const {
  std::vector<std::string> scopes, outermost;
  for (const Parameter& parameter : parameters_) {
    const std::string& name = parameter.name;
    for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1))
      if (const std::string scope = name.substr(0, dot); std::find(scopes.begin(), scopes.end(), scope) == scopes.end())
        scopes.push_back(scope);
    const std::string first = name.substr(0, name.find('.'));
    if (outermost.empty() || outermost.back() != first) outermost.push_back(first);
  }
  std::vector<std::string> names = scopes;
  for (const Parameter& parameter : parameters_) names.push_back(parameter.name);
  std::vector<core::Problem> problems;
  for (const std::string& chosen : frozen_) {
    if (std::count(names.begin(), names.end(), chosen) > 0) continue;
    const auto nearest = core::nearest_word(chosen, names);
    std::string listed;
    for (const std::string& name : names.size() <= kMostListed ? names : outermost)
      listed += (listed.empty() ? "there are: " : ", ") + name;
    problems.push_back({"config.freeze",
                        "there is no layer and no trained tensor '" + chosen + "'",
                        nearest ? "did you mean '" + *nearest + "'?" : listed,
                        {}});
  }
  if (!problems.empty()) throw core::UserError(std::move(problems));
  if (std::none_of(parameters_.begin(), parameters_.end(), [](const Parameter& p) { return p.is_trained(); }))
    throw core::UserError("config.freeze", "leaves nothing to train", "leave out a layer");
}

std::vector<Parameter> Builder::take_parameters() {
  check_frozen();
  return std::move(parameters_);
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

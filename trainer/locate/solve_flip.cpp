// See solve.h. A fingerprint with one other element costs two products, so every bit of every element is tried; what
// the optimizer makes of a flipped operand is computed for all elements at once, one bit after another.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/math_float.h"
#include "trainer/locate/fingerprint_editor.h"
#include "trainer/locate/solve.h"

namespace trainer {
namespace {

using core::portable::bits_of;
using core::portable::canonical_bits;
using core::portable::float_of;
using Values = std::vector<float>;

std::vector<std::uint32_t> words_of(const Values& values) {
  std::vector<std::uint32_t> words(values.size());
  std::transform(values.begin(), values.end(), words.begin(), canonical_bits);
  return words;
}

float flipped(float value, int bit) { return float_of(bits_of(value) ^ (1u << bit)); }

std::string number(float value) { return fmt::format("{}", value); }

NamedTensor* find_tensor(CheckpointState& state, const std::string& name) {
  const auto found = std::find_if(state.tensors.begin(), state.tensors.end(),
                                  [&](const NamedTensor& tensor) { return tensor.name == name; });
  return found == state.tensors.end() ? nullptr : &*found;
}

class FlipSearch {
 public:
  FlipSearch(Stepper& stepper, const StepPrints& recorded) : stepper_(stepper), recorded_(recorded) {
    stepper_.quick_step_from(stepper_.before());
    honest_after_ = stepper_.quick().snapshot();
    for (std::size_t i = 0; i < recorded.weights.size(); ++i)
      if (recorded.weights[i] != stepper.honest().weights[i]) differing_.push_back(i);
  }

  bool one_tensor() const { return differing_.size() == 1; }

  std::vector<Solution> of_one_tensor(std::vector<Untried>& untried) {
    const std::size_t at = differing_.front();
    const std::string& tensor = stepper_.tensors()[at];
    after_update(at, tensor);
    std::vector<Parameter>& parameters = stepper_.quick().network().parameters();
    if (at < parameters.size() && stepper_.trial().hyperparameters.clip_norm > 0)
      untried.push_back({"bit flip", "a bit of what the update of " + tensor +
                                         " is made of: not tried where gradients are clipped by their norm"});
    else if (at < parameters.size())
      in_update(parameters[at]);
    return std::move(found_);
  }

  // A weight that was another one when the step began: everything that follows from it is.
  std::vector<Solution> before_step() {
    CheckpointState state = stepper_.before();
    for (const Parameter& parameter : stepper_.quick().network().parameters()) {
      Values& values = find_tensor(state, parameter.name)->values;
      for (std::size_t e = 0; e < values.size(); ++e)
        for (int bit = 0; bit < 32; ++bit) {
          const float value = values[e];
          values[e] = flipped(value, bit);
          if (stepper_.quick_step_from(state) == recorded_)
            add(parameter.name, "weight", "before the step", e, bit, value, values[e], stepper_.quick().snapshot());
          values[e] = value;
        }
    }
    return std::move(found_);
  }

 private:
  void add(const std::string& tensor, const std::string& what, const std::string& when, std::size_t element, int bit,
           float replayed, float recorded, CheckpointState after) {
    Solution solution;
    solution.kind = "bit flip";
    solution.text = fmt::format("bit {} of element {} of the {} {} was flipped {}: {} instead of {}", bit, element,
                                what, tensor, when, number(recorded), number(replayed));
    solution.detail = {{"tensor", tensor},
                       {"what", what},
                       {"when", when},
                       {"element", element},
                       {"bit", bit},
                       {"recorded", static_cast<double>(recorded)},
                       {"replayed", static_cast<double>(replayed)}};
    solution.after = std::move(after);
    found_.push_back(std::move(solution));
  }

  void after_update(std::size_t at, const std::string& tensor) {
    const Values& values = find_tensor(honest_after_, tensor)->values;
    FingerprintEditor editor(words_of(values), static_cast<std::uint32_t>(at));
    for (std::size_t e = 0; e < values.size(); ++e)
      for (int bit = 0; bit < 32; ++bit) {
        const float other = flipped(values[e], bit);
        if (editor.print_with(e, canonical_bits(other)) != recorded_.weights[at]) continue;
        CheckpointState after = honest_after_;
        find_tensor(after, tensor)->values[e] = other;
        add(tensor, "tensor", "after the update", e, bit, values[e], other, std::move(after));
      }
  }

  // The operands of the update of one tensor, and what it makes of them.
  struct Operands {
    std::array<Values, 4> of;  ///< weight, gradient, first and second moment; the last may be empty
  };
  static constexpr std::array<const char*, 4> kOperandNames{"weight", "gradient of", "first moment of",
                                                            "second moment of"};

  Values fetch(const kernels::Buffer<float>& buffer) {
    Values values(buffer.size());
    stepper_.trial().device.ops->copy_to_host(*stepper_.trial().device.context, values.data(), buffer.data(),
                                              values.size() * sizeof(float));
    return values;
  }

  // Weights and moments afterwards; the gradient stays.
  Operands update(const Operands& operands, std::uint32_t tensor) {
    const kernels::Backend& ops = *stepper_.trial().device.ops;
    kernels::Context& context = *stepper_.trial().device.context;
    std::array<kernels::Buffer<float>, 4> buffers;
    for (std::size_t i = 0; i < 4; ++i) {
      if (operands.of[i].empty()) continue;
      buffers[i] = kernels::Buffer<float>(ops, context, operands.of[i].size());
      ops.copy_to_device(context, buffers[i].data(), operands.of[i].data(), operands.of[i].size() * sizeof(float));
    }
    const Hyperparameters& h = stepper_.trial().hyperparameters;
    const kernels::StepState state = Schedule(h, stepper_.steps_per_epoch()).state(stepper_.last_step());
    ops.optimizer_update(context, h.optimizer, &state, buffers[0].data(), buffers[2].data(), buffers[3].data(),
                         buffers[1].data(), static_cast<int>(buffers[0].size()), tensor, nullptr);
    Operands result;
    for (std::size_t i = 0; i < 4; ++i)
      if (buffers[i].data()) result.of[i] = fetch(buffers[i]);
    return result;
  }

  void in_update(const Parameter& parameter) {
    if (!parameter.is_trained()) return;
    CheckpointState before = stepper_.before();
    Operands honest;
    honest.of[0] = find_tensor(before, parameter.name)->values;
    honest.of[1] = fetch(parameter.gradient);
    honest.of[2] = find_tensor(before, "optimizer.first." + parameter.name)->values;
    if (const NamedTensor* second = find_tensor(before, "optimizer.second." + parameter.name))
      honest.of[3] = second->values;
    FingerprintEditor editor(words_of(find_tensor(honest_after_, parameter.name)->values), parameter.id);
    for (std::size_t which = 0; which < 4; ++which)
      for (int bit = 0; bit < 32 && !honest.of[which].empty(); ++bit) {
        Operands other = honest;
        for (float& value : other.of[which]) value = flipped(value, bit);
        const Operands made = update(other, parameter.id);
        for (std::size_t e = 0; e < made.of[0].size(); ++e)
          if (editor.print_with(e, canonical_bits(made.of[0][e])) == recorded_.weights[parameter.id])
            add_in_update(parameter, which, e, bit, honest.of[which][e], other.of[which][e], made);
      }
  }

  void add_in_update(const Parameter& parameter, std::size_t which, std::size_t element, int bit, float replayed,
                     float recorded, const Operands& made) {
    CheckpointState after = honest_after_;
    find_tensor(after, parameter.name)->values[element] = made.of[0][element];
    find_tensor(after, "optimizer.first." + parameter.name)->values[element] = made.of[2][element];
    if (NamedTensor* second = find_tensor(after, "optimizer.second." + parameter.name))
      second->values[element] = made.of[3][element];
    add(parameter.name, kOperandNames[which], "before the update read it", element, bit, replayed, recorded,
        std::move(after));
  }

  Stepper& stepper_;
  const StepPrints& recorded_;
  CheckpointState honest_after_;
  std::vector<std::size_t> differing_;
  std::vector<Solution> found_;
};

}  // namespace

std::vector<Solution> solve_flip(Stepper& stepper, const StepPrints& recorded, std::vector<Untried>& untried) {
  FlipSearch search(stepper, recorded);
  if (search.one_tensor()) return search.of_one_tensor(untried);
  const std::uint64_t candidates = std::uint64_t{32} * stepper.weight_count(), budget = step_budget(stepper);
  if (candidates <= budget) return search.before_step();
  untried.push_back({"bit flip", fmt::format("a bit of a weight before the step: {} candidates, {} can be trained",
                                             candidates, budget)});
  return {};
}

}  // namespace trainer

// Dropout with a mask drawn for something else, and batch normalisation with statistics of something else, as plain
// loops.
#include <utility>
#include <vector>

#include "kernels/activation_formula.h"
#include "kernels/batch_norm_formula.h"
#include "kernels/cpu_threads.h"
#include "kernels/dropout_formula.h"
#include "kernels/hypotheses/choices.h"

namespace kernels::hypotheses {

void other_dropout(Context& context, float* out, const float* in, int count, float rate, std::uint64_t seed,
                   std::uint32_t tensor, const StepState* state) {
  const cpu::PortableFloatState float_state;
  const DropoutDraw& draw = choices_of(context).dropout;
  const DropoutRule rule = dropout_rule(rate);
  core::Philox4 words{};
  for (int i = 0; i < count; ++i) {
    if (i % 4 == 0)
      words = core::random_bits(seed, draw.purpose, tensor + draw.tensor_shift, state->step + draw.step_shift,
                                static_cast<std::uint32_t>(i / 4));
    out[i] = drop(rule, words.word[i % 4], in[i]);
  }
}

namespace {

// The statistic of the batch before; that of this one is kept for the next. An honest batch before left its own in
// place.
std::vector<float> of_batch_before(const OtherBackend::Choices& choices, const float* place,
                                   std::vector<float> in_place, std::size_t width) {
  std::vector<float> now(place, place + width);
  const auto [kept, is_first] = choices.left.try_emplace(place, now);
  return is_first ? std::move(in_place) : std::exchange(kept->second, std::move(now));
}

}  // namespace

// What `mean` and `inverse_deviation` hold afterwards is what the backward pass will use.
void other_batch_norm(Context& context, Activation activation, float* out, float* mean, float* inverse_deviation,
                      float* running_mean, float* running_variance, const float* x, const float* gamma,
                      const float* beta, int rows, int columns, float epsilon, float momentum) {
  const cpu::PortableFloatState float_state;
  const OtherBackend::Choices& choices = choices_of(context);
  const auto width = static_cast<std::size_t>(columns);
  std::vector<float> centre(mean, mean + width), inverse(inverse_deviation, inverse_deviation + width);
  const std::vector<float> old_mean(running_mean, running_mean + width);
  const std::vector<float> old_variance(running_variance, running_variance + width);
  Forward<&Backend::batch_norm>::call(context, activation, out, mean, inverse_deviation, running_mean, running_variance,
                                      x, gamma, beta, rows, columns, epsilon, momentum);
  if (choices.statistics == Statistics::kBatchBefore) {
    centre = of_batch_before(choices, mean, std::move(centre), width);
    inverse = of_batch_before(choices, inverse_deviation, std::move(inverse), width);
  }
  for (std::size_t j = 0; j < width; ++j) {
    if (choices.statistics == Statistics::kRunning) {
      centre[j] = old_mean[j];
      inverse[j] = inverse_deviation_of(old_variance[j], epsilon);
    }
    mean[j] = centre[j];
    inverse_deviation[j] = inverse[j];
  }
  visit_activation(activation, [&](auto kind) {
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < columns; ++j) {
        const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(i) * columns + j;
        out[at] = activate<kind()>(normalise(x[at], mean[j], gamma[j] * inverse_deviation[j], beta[j]));
      }
  });
}

}  // namespace kernels::hypotheses

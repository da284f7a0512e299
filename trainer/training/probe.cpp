// See probe.h.
#include "trainer/training/probe.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/math_double.h"
#include "core/plural.h"

namespace trainer {
namespace {

class Prober {
 public:
  Prober(Network& network, const Input& input, std::uint64_t seed, const kernels::Backend& ops,
         kernels::Context& context)
      : network_(network), input_(input), seed_(seed), ops_(ops), context_(context), state_(ops, context, 1) {}

  /// The outputs with the random numbers of `step`; without any where it is 0.
  std::vector<float> pass(std::uint32_t step) {
    const kernels::StepState state{step, 0, 0, 0, 0};
    ops_.copy_to_device(context_, state_.data(), &state, sizeof(state));
    const float* outputs = step == 0 ? network_.evaluate_outputs(input_) : network_.probe(input_, seed_, state_.data());
    std::vector<float> values(static_cast<std::size_t>(input_.rows * network_.targets() * network_.outputs()));
    ops_.copy_to_host(context_, values.data(), outputs, values.size() * sizeof(float));
    return values;
  }

 private:
  Network& network_;
  const Input& input_;
  std::uint64_t seed_;
  const kernels::Backend& ops_;
  kernels::Context& context_;
  kernels::Buffer<kernels::StepState> state_;
};

}  // namespace

std::vector<ProbedOutput> probe(Network& network, const Input& input, int passes, std::uint64_t seed,
                                const kernels::Backend& ops, kernels::Context& context) {
  core::check(passes >= 1, "a probe without a pass");
  Prober prober(network, input, seed, ops, context);
  const std::vector<float> still = prober.pass(0);
  std::vector<double> sum(still.size(), 0.0), squares(still.size(), 0.0);  // of the distances from `still`
  for (int pass = 1; pass <= passes; ++pass) {
    const std::vector<float> moved = prober.pass(static_cast<std::uint32_t>(pass));
    for (std::size_t i = 0; i < moved.size(); ++i) {
      const double distance = static_cast<double>(moved[i]) - static_cast<double>(still[i]);
      sum[i] += distance;
      squares[i] += distance * distance;
    }
  }
  const auto width = static_cast<std::size_t>(network.outputs());
  const double targets = static_cast<double>(still.size() / width);
  std::vector<ProbedOutput> outputs(width);
  for (std::size_t i = 0; i < still.size(); ++i) {
    ProbedOutput& output = outputs[i % width];
    const double mean = sum[i] / passes, variance = squares[i] / passes - mean * mean;
    output.evaluated += static_cast<double>(still[i]) / targets;
    output.mean += (static_cast<double>(still[i]) + mean) / targets;
    output.spread += (variance > 0 ? variance : 0) / targets;
  }
  for (ProbedOutput& output : outputs) output.spread = core::portable::sqrt(output.spread);
  return outputs;
}

std::string describe_probe(const std::vector<ProbedOutput>& outputs, int samples, int passes) {
  std::string text = fmt::format("{}, {} through the layers that draw random numbers\n{:>6} {:>14} {:>14} {:>14}\n",
                                 core::counted(samples, "sample"), core::counted(passes, "pass", "passes"), "output",
                                 "without", "mean", "spread");
  for (std::size_t i = 0; i < outputs.size(); ++i)
    text += fmt::format("{:>6} {:>14.6g} {:>14.6g} {:>14.6g}\n", i, outputs[i].evaluated, outputs[i].mean,
                        outputs[i].spread);
  return text;
}

}  // namespace trainer

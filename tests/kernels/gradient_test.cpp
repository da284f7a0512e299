// Backward ops are the derivatives of their forward ops: against finite differences of the same functions in double.
#include <cmath>

#include "tests/kernels/cpu_contexts.h"
#include "tests/kernels/slopes.h"

using kernels::Activation;
using kernels::cpu_backend;
using tests::Array;
using tests::cpu_contexts;

namespace {

double exact(Activation activation, double z) {
  switch (activation) {
    case Activation::kNone:
      return z;
    case Activation::kRelu:
      return z <= 0 ? 0 : z;
    case Activation::kTanh:
      return std::tanh(z);
    case Activation::kGelu:
      return 0.5 * z * std::erfc(-z / std::sqrt(2.0));
    case Activation::kSigmoid:
      return 1 / (1 + std::exp(-z));
  }
  return 0;
}

double exact_loss(const std::vector<double>& logits, std::size_t classes, const std::vector<std::int32_t>& labels,
                  double smoothing) {
  double mean = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < classes; ++j) sum += std::exp(logits[i * classes + j]);
    mean += std::log(sum) - (1 - smoothing) * logits[i * classes + static_cast<std::size_t>(labels[i])];
    for (std::size_t j = 0; j < classes; ++j)
      mean -= smoothing / static_cast<double>(classes) * logits[i * classes + j];
  }
  return mean / static_cast<double>(labels.size());
}

}  // namespace

TEST_CASE("each activation's output and gradient are those of the function in double") {
  std::vector<float> z;
  for (int i = -600; i <= 600; ++i) z.push_back(static_cast<float>(i) * 0.0125f + 0.003f);
  const std::vector<float> ones(z.size(), 1.0f), zero(1, 0.0f);
  const int count = static_cast<int>(z.size());
  const Array<float> z_array(z), ones_array(ones), bias(zero);
  kernels::Context& context = *cpu_contexts().back();
  for (Activation activation :
       {Activation::kNone, Activation::kRelu, Activation::kTanh, Activation::kGelu, Activation::kSigmoid}) {
    Array<float> out(z.size()), dz(z.size());
    cpu_backend().bias_activation(context, activation, out.data(), nullptr, z_array.data(), bias.data(), count, 1);
    cpu_backend().activation_backward(context, activation, dz.data(), nullptr, ones_array.data(), out.data(),
                                      z_array.data(), count, 1);
    for (std::size_t i = 0; i < z.size(); ++i) {
      const double at = static_cast<double>(z[i]), step = 1e-6;
      const double slope = (exact(activation, at + step) - exact(activation, at - step)) / (2 * step);
      INFO("activation " << static_cast<int>(activation) << " at " << at);
      CHECK(std::fabs(static_cast<double>(out.data()[i]) - exact(activation, at)) < 1e-6);
      CHECK(std::fabs(static_cast<double>(dz.data()[i]) - slope) < 1e-6);
    }
  }
}

TEST_CASE("the gradient of the loss is that of the mean cross-entropy in double, with label smoothing too") {
  constexpr std::size_t kClasses = 37, kRows = 6;
  const std::vector<float> logits = tests::random_floats(kRows * kClasses, 13);
  const std::vector<std::int32_t> labels = {0, 36, 5, 31, 32, 17};
  const Array<float> logits_array(logits);
  const Array<std::int32_t> labels_array(labels);
  for (const float smoothing : {0.0f, 0.2f}) {
    Array<float> loss(kRows), gradient(logits.size());
    Array<std::int32_t> correct(kRows);
    cpu_backend().softmax_cross_entropy(*cpu_contexts().back(), loss.data(), correct.data(), gradient.data(),
                                        logits_array.data(), labels_array.data(), kRows, kClasses, smoothing);
    std::vector<double> wide(logits.begin(), logits.end());
    double mean = 0;
    for (std::size_t i = 0; i < kRows; ++i) mean += static_cast<double>(loss.data()[i]) / kRows;
    CHECK(std::fabs(mean - exact_loss(wide, kClasses, labels, static_cast<double>(smoothing))) < 1e-6);
    const auto total = [&] { return exact_loss(wide, kClasses, labels, static_cast<double>(smoothing)); };
    for (std::size_t i = 0; i < wide.size(); ++i)
      CHECK(std::fabs(static_cast<double>(gradient.data()[i]) - tests::slope(wide, i, 1e-5, total)) < 1e-6);
  }
}

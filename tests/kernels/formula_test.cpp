// The formulas of kernels/*_formula.h themselves, against references in double and against what they claim. That every
// back end follows them is tested elsewhere.
#include "tests/catch.h"

#include <cmath>
#include <limits>

#include "kernels/activation_formula.h"
#include "kernels/column_sum_formula.h"
#include "kernels/dropout_formula.h"
#include "kernels/fingerprint_formula.h"
#include "kernels/initialise_formula.h"
#include "kernels/optimizer_formula.h"
#include "kernels/shuffle_formula.h"
#include "kernels/softmax_formula.h"

namespace {

using namespace kernels;
using core::portable::bits_of;
using core::portable::float_of;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Uniform in [−1, 1).
float uniform(std::uint32_t stream, std::uint32_t i) {
  return 2.0f * core::uniform_float(core::philox(core::Philox4{{i, stream, 0, 0}}, 17).word[0]) - 1.0f;
}

/// The textbook's update in double, as its authors write it.
struct Reference {
  double w, m = 0, v = 0;
  void step(const OptimizerSettings& s, int t, double learning_rate, double g) {
    const double beta1 = s.beta1, beta2 = s.beta2;
    const double momentum = s.momentum, decay = s.weight_decay;
    const bool decoupled = s.kind == Optimizer::kAdamW || s.kind == Optimizer::kLion;
    if (!decoupled) g += decay * w;
    if (s.kind == Optimizer::kSgd) {
      m = momentum * m + g;
      w -= learning_rate * (s.nesterov ? g + momentum * m : m);
      return;
    }
    if (s.kind == Optimizer::kRmsprop) {
      v = beta2 * v + (1 - beta2) * g * g;
      m = momentum * m + g / (std::sqrt(v) + static_cast<double>(s.epsilon));
      w -= learning_rate * m;
      return;
    }
    if (decoupled) w -= learning_rate * decay * w;
    if (s.kind == Optimizer::kLion) {
      const double mix = beta1 * m + (1 - beta1) * g;
      w -= learning_rate * (mix > 0 ? 1 : mix < 0 ? -1 : 0);
      m = beta2 * m + (1 - beta2) * g;
      return;
    }
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    w -= learning_rate * (m / (1 - std::pow(beta1, t))) /
         (std::sqrt(v / (1 - std::pow(beta2, t))) + static_cast<double>(s.epsilon));
  }
};

template <Optimizer kKind>
void check_optimizer(float weight_decay, double tolerance = 5e-6, bool nesterov = false) {
  OptimizerSettings settings;
  settings.kind = kKind;
  settings.nesterov = nesterov;
  settings.weight_decay = weight_decay;
  double worst = 0;
  for (std::uint32_t element = 0; element < 50; ++element) {
    OptimizedWeight now{uniform(1, element), 0.0f, 0.0f};
    Reference reference{static_cast<double>(now.w)};
    for (std::uint32_t t = 1; t <= 300; ++t) {
      const double learning_rate = 0.01 / (1.0 + 0.01 * t);
      const float g = uniform(2 + t, element);
      now = optimizer_step<kKind>(settings, step_state(settings, t, 0, learning_rate), now, g);
      reference.step(settings, static_cast<int>(t), learning_rate, static_cast<double>(g));
    }
    worst = std::max(worst, std::abs(static_cast<double>(now.w) - reference.w));
  }
  CHECK(worst < tolerance);
}

}  // namespace

TEST_CASE("three hundred steps of each optimizer stay with the textbook in double") {
  for (const float weight_decay : {0.0f, 0.01f}) {
    check_optimizer<Optimizer::kSgd>(weight_decay);
    check_optimizer<Optimizer::kAdam>(weight_decay);
    check_optimizer<Optimizer::kAdamW>(weight_decay);
    check_optimizer<Optimizer::kSgd>(weight_decay, 5e-6, true);
    check_optimizer<Optimizer::kRmsprop>(weight_decay, 1.5e-5);
    check_optimizer<Optimizer::kLion>(weight_decay);
  }
}

TEST_CASE("bias corrections are computed from the betas that the moments use and rounded once") {
  const OptimizerSettings settings;
  const StepState first = step_state(settings, 1, 0, 0.1);
  CHECK(first.step == 1);
  CHECK(first.learning_rate == 0.1f);
  CHECK(first.bias_correction1 == static_cast<float>(1.0 / (1.0 - static_cast<double>(0.9f))));
  CHECK(first.bias_correction2_sqrt == static_cast<float>(1.0 / std::sqrt(1.0 - static_cast<double>(0.999f))));
  // At the first step Adam moves by the learning rate, whatever the size of the gradient.
  for (const float g : {1e-3f, 1.0f, 1e3f}) {
    const OptimizedWeight now = optimizer_step<Optimizer::kAdam>(settings, first, {0.0f, 0.0f, 0.0f}, g);
    CHECK(now.w == Approx(-0.1f).epsilon(2e-5));
  }
  const StepState late = step_state(settings, 2000000000, 7, 1e-3);
  CHECK(late.bias_correction1 == 1.0f);
  CHECK(late.bias_correction2_sqrt == 1.0f);
  CHECK(late.epoch == 7);
}

TEST_CASE("relu lets a NaN through and gives +0 for both zeros") {
  CHECK(std::isnan(activate<Activation::kRelu>(kNan)));
  CHECK(bits_of(activate<Activation::kRelu>(-0.0f)) == 0u);
  CHECK(activate<Activation::kRelu>(-kInfinity) == 0.0f);
  CHECK(activation_gradient<Activation::kRelu>(3.0f, 0.0f, 0.0f) == 0.0f);
  CHECK(activation_gradient<Activation::kRelu>(3.0f, 0.5f, 0.0f) == 3.0f);
}

TEST_CASE("the gradient of each activation is the slope of its output") {
  const auto check_slope = [](auto kind) {
    constexpr double kStep = 0x1p-10;
    for (double z = -6.0; z <= 6.0; z += 0.37) {
      const double up = static_cast<double>(activate<kind()>(static_cast<float>(z + kStep)));
      const double down = static_cast<double>(activate<kind()>(static_cast<float>(z - kStep)));
      const float at = static_cast<float>(z);
      const float gradient = activation_gradient<kind()>(2.0f, activate<kind()>(at), at);
      INFO("activation " << static_cast<int>(kind()) << " at " << z);
      CHECK(static_cast<double>(gradient) == Approx((up - down) / kStep).margin(3e-4));
    }
  };
  for (const Activation kind :
       {Activation::kNone, Activation::kRelu, Activation::kTanh, Activation::kGelu, Activation::kSigmoid}) {
    visit_activation(kind, check_slope);
  }
}

TEST_CASE("dropout drops its share and keeps the mean") {
  constexpr std::uint32_t kCount = 1u << 18;
  for (const float rate : {0.1f, 0.2f, 0.5f, 0.9f}) {
    const DropoutRule rule = dropout_rule(rate);
    std::uint32_t dropped = 0;
    double sum = 0;
    for (std::uint32_t quad = 0; quad < kCount / 4; ++quad) {
      const core::Philox4 words = dropout_words(3, 1, 5, quad);
      for (const std::uint32_t word : words.word) {
        const float out = drop(rule, word, 1.0f);
        dropped += out == 0.0f ? 1 : 0;
        sum += static_cast<double>(out);
      }
    }
    // Four standard deviations of a binomial share; the draw is fixed.
    const double share = static_cast<double>(rate);
    const double deviation = std::sqrt(share * (1 - share) / kCount);
    CHECK(std::abs(dropped / static_cast<double>(kCount) - share) < 4 * deviation);
    CHECK(std::abs(sum / kCount - 1.0) < 4 * deviation / (1 - share));
  }
}

TEST_CASE("dropout at rate 0 changes nothing, and a dropped NaN is +0") {
  const DropoutRule none = dropout_rule(0.0f);
  CHECK(drop(none, 0u, 1.5f) == 1.5f);
  CHECK(drop(none, 0xffffffffu, -0.25f) == -0.25f);
  CHECK(bits_of(drop(dropout_rule(0.5f), 0u, kNan)) == 0u);
  CHECK(dropout_rule(0.5f).threshold == 0x800000u);
}

TEST_CASE("initial weights have the moments of their distribution") {
  constexpr std::uint32_t kQuads = 1u << 16;
  const auto moments = [](Initialisation kind, float gain) {
    std::array<double, 5> sums{};  // mean, 2nd, 3rd, 4th moment, largest magnitude
    for (std::uint32_t quad = 0; quad < kQuads; ++quad) {
      for (const float weight : initial_weights(kind, initial_words(9, 2, quad), gain).weight) {
        const double x = static_cast<double>(weight);
        sums[0] += x;
        sums[1] += x * x;
        sums[2] += x * x * x;
        sums[3] += x * x * x * x;
        sums[4] = std::max(sums[4], std::abs(x));
      }
    }
    for (int i = 0; i < 4; ++i) sums[static_cast<std::size_t>(i)] /= 4.0 * kQuads;
    return sums;
  };
  const auto normal = moments(Initialisation::kHe, 1.0f);
  CHECK(std::abs(normal[0]) < 0.008);
  CHECK(normal[1] == Approx(1.0).epsilon(0.011));
  CHECK(std::abs(normal[2]) < 0.03);
  CHECK(normal[3] == Approx(3.0).epsilon(0.03));
  CHECK(normal[4] < 5.8);
  const auto even = moments(Initialisation::kXavier, 1.0f);
  CHECK(std::abs(even[0]) < 0.005);
  CHECK(even[1] == Approx(1.0 / 3.0).epsilon(0.01));
  CHECK(even[3] == Approx(0.2).epsilon(0.01));
  CHECK(even[4] < 1.0);
  CHECK(symmetric_uniform(0u) == -symmetric_uniform(0xffffffffu));
}

TEST_CASE("the gain of initial weights is that of the papers, rounded once") {
  CHECK(initialisation_gain(Initialisation::kHe, 2, 5, 1.0f) == 1.0f);
  CHECK(initialisation_gain(Initialisation::kHe, 784, 512, 1.0f) == static_cast<float>(std::sqrt(2.0 / 784.0)));
  CHECK(initialisation_gain(Initialisation::kXavier, 784, 512, 2.0f) ==
        static_cast<float>(2.0 * std::sqrt(6.0 / (784.0 + 512.0))));
  CHECK(initialisation_gain(Initialisation::kZero, 784, 512, 1.0f) == 0.0f);
}

TEST_CASE("the two numbers of a normal pair do not correlate, nor do neighbouring quads") {
  constexpr std::uint32_t kQuads = 1u << 15;
  double inside = 0, across = 0;
  float before = 0.0f;
  for (std::uint32_t quad = 0; quad < kQuads; ++quad) {
    const InitialQuad weights = initial_weights(Initialisation::kHe, initial_words(4, 1, quad), 1.0f);
    inside += static_cast<double>(weights.weight[0]) * static_cast<double>(weights.weight[1]);
    across += static_cast<double>(weights.weight[0]) * static_cast<double>(before);
    before = weights.weight[3];
  }
  CHECK(std::abs(inside / kQuads) < 4.0 / std::sqrt(kQuads));
  CHECK(std::abs(across / kQuads) < 4.0 / std::sqrt(kQuads));
}

TEST_CASE("softmax and its loss agree with long double") {
  for (const int classes : {1, 2, 10, 31, 32, 33, 1000}) {
    std::vector<float> logits(static_cast<std::size_t>(classes)), gradient(logits.size());
    for (std::size_t j = 0; j < logits.size(); ++j) logits[j] = 20.0f * uniform(99, static_cast<std::uint32_t>(j));
    const int label = classes / 2;
    float loss = 0;
    std::int32_t correct = 0;
    softmax_row(&loss, &correct, gradient.data(), logits.data(), label, classes, 0.0f, 0.5f);
    long double sum = 0;
    for (const float z : logits) sum += std::exp(static_cast<long double>(z));
    const long double expected = std::log(sum) - static_cast<long double>(logits[static_cast<std::size_t>(label)]);
    CHECK(static_cast<double>(loss) == Approx(static_cast<double>(expected)).epsilon(1e-6).margin(1e-6));
    for (std::size_t j = 0; j < logits.size(); ++j) {
      const long double share = std::exp(static_cast<long double>(logits[j])) / sum;
      const double want = static_cast<double>(share - (static_cast<int>(j) == label ? 1 : 0)) * 0.5;
      REQUIRE(std::abs(static_cast<double>(gradient[j]) - want) < 2e-7);
    }
  }
}

TEST_CASE("a tie goes to the lower class, and a row with a NaN is never correct") {
  const auto is_correct = [](std::vector<float> logits, std::int32_t label) {
    float loss = 0;
    std::int32_t correct = -1;
    softmax_row(&loss, &correct, nullptr, logits.data(), label, static_cast<int>(logits.size()), 0.0f, 1.0f);
    return correct;
  };
  CHECK(is_correct({1.0f, 2.0f, 2.0f}, 1) == 1);
  CHECK(is_correct({1.0f, 2.0f, 2.0f}, 2) == 0);
  CHECK(is_correct({-0.0f, 0.0f}, 0) == 1);
  CHECK(is_correct({kNan, 2.0f}, 1) == 0);
  CHECK(is_correct({2.0f, kNan}, 0) == 0);
  CHECK(is_correct({-kInfinity, 2.0f}, 1) == 1);
  CHECK(takes_maximum(2.0f, 1, 2.0f, 3));
  CHECK_FALSE(takes_maximum(2.0f, 3, 2.0f, 1));
}

TEST_CASE("lanes fold 16, 8, 4, 2, 1") {
  float lane[kLanes];
  for (int l = 0; l < kLanes; ++l) lane[l] = uniform(5, static_cast<std::uint32_t>(l));
  float copy[kLanes];
  std::copy(lane, lane + kLanes, copy);
  for (const int width : {16, 8, 4, 2, 1}) {
    for (int l = 0; l < width; ++l) copy[l] += copy[l + width];
  }
  CHECK(fold_lanes(lane) == copy[0]);
}

TEST_CASE("the column rule starts every chunk and group from +0") {
  const std::vector<float> zeros(5000, -0.0f);
  CHECK(bits_of(column_sum_of(1, zeros.data(), 1)) == 0u);
  CHECK(bits_of(column_sum_of(5000, zeros.data(), 1)) == 0u);
  CHECK(bits_of(column_sum_of(0, zeros.data(), 1)) == 0u);
  // Ones behind a chunk that holds 2^24: each chunk has its own sum, so none of them is lost.
  std::vector<float> values(512, 1.0f);
  values[0] = 0x1p24f;
  CHECK(column_sum_of(512, values.data(), 1) == 0x1p24f + 256.0f);
}

TEST_CASE("a fingerprint changes with every single bit of a block") {
  std::vector<float> x(kFingerprintBlock);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = uniform(6, static_cast<std::uint32_t>(i));
  const std::uint64_t base = fingerprint_range(x.data(), 0, kFingerprintBlock, 3);
  for (float& value : x) {
    const float kept = value;
    for (int bit = 0; bit < 32; ++bit) {
      value = float_of(bits_of(kept) ^ 1u << bit);
      REQUIRE(fingerprint_range(x.data(), 0, kFingerprintBlock, 3) != base);
    }
    value = kept;
  }
  CHECK(fingerprint_range(x.data(), 0, kFingerprintBlock, 3) == base);
}

TEST_CASE("a fingerprint changes when two weights or two blocks are exchanged") {
  constexpr int kCount = 3000;
  std::vector<float> x(kCount);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = uniform(7, static_cast<std::uint32_t>(i));
  const std::uint64_t base = fingerprint_range(x.data(), 0, kCount, 3);
  for (std::uint32_t trial = 0; trial < 2000; ++trial) {
    const core::Philox4 words = core::philox(core::Philox4{{trial, 0, 0, 0}}, 23);
    const std::size_t i = words.word[0] % kCount;
    // Near and far neighbours, the other half of the block, the same place in the next block.
    const std::size_t distances[] = {1, 512, 1024, words.word[1] % kCount};
    const std::size_t j = (i + distances[trial % 4]) % kCount;
    if (x[i] == x[j]) continue;
    std::swap(x[i], x[j]);
    REQUIRE(fingerprint_range(x.data(), 0, kCount, 3) != base);
    std::swap(x[i], x[j]);
  }
  std::swap_ranges(x.begin(), x.begin() + 1024, x.begin() + 1024);
  CHECK(fingerprint_range(x.data(), 0, kCount, 3) != base);
}

TEST_CASE("a fingerprint depends on the tensor, on signs of zero and not on a NaN's payload") {
  std::vector<float> x(100, 0.0f);
  const std::uint64_t base = fingerprint_range(x.data(), 0, 100, 3);
  CHECK(fingerprint_range(x.data(), 0, 100, 4) != base);
  x[7] = -0.0f;
  CHECK(fingerprint_range(x.data(), 0, 100, 3) != base);
  x[7] = kNan;
  const std::uint64_t with_nan = fingerprint_range(x.data(), 0, 100, 3);
  CHECK(with_nan != base);
  x[7] = float_of(0xff812345u);
  CHECK(fingerprint_range(x.data(), 0, 100, 3) == with_nan);
  CHECK(fingerprint_range(x.data(), 0, 0, 3) == 0u);
}

TEST_CASE("fingerprints of parts add up to that of the whole") {
  constexpr int kCount = 5000;
  std::vector<float> x(kCount);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = uniform(8, static_cast<std::uint32_t>(i));
  CHECK(fingerprint_range(x.data(), 0, 2048, 1) + fingerprint_range(x.data(), 2048, kCount - 2048, 1) ==
        fingerprint_range(x.data(), 0, kCount, 1));
}

TEST_CASE("a batch's fingerprint tells orders apart, and large indices from NaNs") {
  std::vector<std::uint32_t> indices = {5, 6, 7, 0x7fc00001u};
  const std::uint64_t base = fingerprint_range(indices.data(), 0, 4, kBatchTensor);
  std::swap(indices[0], indices[1]);
  CHECK(fingerprint_range(indices.data(), 0, 4, kBatchTensor) != base);
  std::swap(indices[0], indices[1]);
  indices[3] = 0x7fc00002u;
  CHECK(fingerprint_range(indices.data(), 0, 4, kBatchTensor) != base);
}

TEST_CASE("the keys of the fingerprint on a device are those of the table") {
  for (std::uint32_t i : {0u, 5u, 511u, 1023u}) {
    CHECK(fingerprint_keys_of(0, i / 4).word[i % 4] == kFingerprintKeys.first[i]);
    CHECK(fingerprint_keys_of(1, i / 4).word[i % 4] == kFingerprintKeys.second[i]);
  }
}

TEST_CASE("every epoch has its own order of the samples, and the split one more") {
  const auto start = [](const core::Permutation& order) {
    return std::vector<std::uint64_t>{order(0), order(1), order(2), order(3)};
  };
  CHECK(start(epoch_order(54000, 1, 0)) == start(epoch_order(54000, 1, 0)));
  CHECK(start(epoch_order(54000, 1, 0)) != start(epoch_order(54000, 1, 1)));
  CHECK(start(epoch_order(54000, 1, 0)) != start(epoch_order(54000, 2, 0)));
  CHECK(start(epoch_order(54000, 1, 0)) != start(split_order(54000, 1)));
}

// optimizer_update and the fingerprints of the CPU back end, on every instruction set and number of threads, against
// the papers' formulas in the order of optimizer_formula.h and the sum of fingerprint_formula.h as plain loops.
#include <cmath>

#include "core/math_float.h"
#include "kernels/fingerprint_formula.h"
#include "kernels/gemm_formula.h"
#include "tests/kernels/cpu_contexts.h"

using kernels::cpu_backend;
using kernels::Optimizer;
using tests::Array;
using tests::cpu_contexts;
using tests::first_difference;

namespace {

struct Weights {
  std::vector<float> w, m, v;
};

void expected_step(const kernels::OptimizerSettings& s, const kernels::StepState& state, Weights& x,
                   const std::vector<float>& gradient) {
  for (std::size_t i = 0; i < x.w.size(); ++i) {
    float g = gradient[i] * state.gradient_scale, w = x.w[i];
    if (s.kind == Optimizer::kAdamW || s.kind == Optimizer::kLion) {
      w = std::fma(-(state.learning_rate * s.weight_decay), w, w);
    } else {
      g = std::fma(s.weight_decay, w, g);
    }
    if (s.kind == Optimizer::kSgd) {
      x.m[i] = std::fma(s.momentum, x.m[i], g);
      const float along = s.nesterov ? std::fma(s.momentum, x.m[i], g) : x.m[i];
      x.w[i] = std::fma(-state.learning_rate, along, w);
      continue;
    }
    if (s.kind == Optimizer::kLion) {
      const float mix = std::fma(s.beta1, x.m[i], (1.0f - s.beta1) * g);
      x.m[i] = std::fma(s.beta2, x.m[i], (1.0f - s.beta2) * g);
      x.w[i] = std::fma(-state.learning_rate, mix > 0 ? 1.0f : mix < 0 ? -1.0f : mix, w);
      continue;
    }
    if (s.kind == Optimizer::kRmsprop) {
      x.v[i] = std::fma(s.beta2, x.v[i], ((1.0f - s.beta2) * g) * g);
      x.m[i] = std::fma(s.momentum, x.m[i], g / (std::sqrt(x.v[i]) + s.epsilon));
      x.w[i] = std::fma(-state.learning_rate, x.m[i], w);
      continue;
    }
    x.m[i] = std::fma(s.beta1, x.m[i], (1.0f - s.beta1) * g);
    x.v[i] = std::fma(s.beta2, x.v[i], ((1.0f - s.beta2) * g) * g);
    const float denominator = std::fma(std::sqrt(x.v[i]), state.bias_correction2_sqrt, s.epsilon);
    x.w[i] = std::fma(-state.learning_rate, (x.m[i] * state.bias_correction1) / denominator, w);
  }
}

std::uint32_t canonical_word(float x) { return x != x ? 0x7fc00000u : std::bit_cast<std::uint32_t>(x); }
std::uint32_t canonical_word(std::uint32_t x) { return x; }

template <class T>
std::uint64_t expected_fingerprint(const std::vector<T>& x, std::uint32_t tensor) {
  std::uint64_t total = 0;
  const auto key = [](std::uint32_t stream, std::uint32_t j) {
    return kernels::fingerprint_keys_of(stream, j / 4).word[j % 4];
  };
  for (std::size_t start = 0; start < x.size(); start += 1024) {
    const auto word = [&](std::size_t j) { return start + j < x.size() ? canonical_word(x[start + j]) : 0u; };
    std::uint64_t sums[2] = {};
    for (std::uint32_t stream = 0; stream < 2; ++stream) {
      for (std::uint32_t j = 0; j < 512; ++j) {
        const std::uint32_t front = word(j) + key(stream, j), back = word(j + 512) + key(stream, j + 512);
        sums[stream] += std::uint64_t{front} * back;
      }
    }
    total += kernels::fingerprint_mix(sums[0], sums[1], tensor, static_cast<std::uint32_t>(start / 1024));
  }
  return total;
}

}  // namespace

TEST_CASE("optimizer_update equals the formula of its paper at every step and weight") {
  for (Optimizer kind : {Optimizer::kSgd, Optimizer::kAdam, Optimizer::kAdamW, Optimizer::kRmsprop, Optimizer::kLion}) {
    for (float decay : {0.0f, 0.01f}) {
      for (int count : {1, 1023, 1024, 1025, 20001}) {
        // nesterov where there is a decay: both ways of sgd are seen.
        const kernels::OptimizerSettings settings{kind, 0.9f, 0.9f, 0.999f, 1e-8f, decay, decay > 0};
        const auto size = static_cast<std::size_t>(count);
        for (kernels::Context* context : cpu_contexts()) {
          INFO("kind " << static_cast<int>(kind) << ", " << count << " on " << describe_device(*context));
          Weights expected{tests::special_floats(size, 21), std::vector<float>(size), std::vector<float>(size)};
          Array<float> w(expected.w), m(expected.m), v(expected.v);
          for (std::uint32_t step = 1; step <= 3; ++step) {
            const kernels::StepState state{step, 0,     0.01f / static_cast<float>(step),
                                           4.0f, 20.0f, step == 2 ? 0.3f : 1.0f};
            const std::vector<float> gradient =
                step < 3 ? tests::small_floats(size, 22 + step) : tests::special_floats(size, 22 + step);
            expected_step(settings, state, expected, gradient);
            const Array<float> gradient_array(gradient);
            std::uint64_t fingerprint = 1, apart = 2;
            cpu_backend().optimizer_update(*context, settings, &state, w.data(), m.data(),
                                           kernels::has_second_moment(kind) ? v.data() : nullptr, gradient_array.data(),
                                           count, 5, &fingerprint);
            CHECK(first_difference(w.values(), expected.w) == "");
            CHECK(first_difference(m.values(), expected.m) == "");
            if (kernels::has_second_moment(kind)) CHECK(first_difference(v.values(), expected.v) == "");
            CHECK(fingerprint == expected_fingerprint(expected.w, 5));
            cpu_backend().fingerprint(*context, w.data(), count, 5, &apart);
            CHECK(apart == fingerprint);
          }
        }
      }
    }
  }
}

TEST_CASE("a step's own momentum stands for the settings', which a negative one leaves") {
  for (const Optimizer kind : {Optimizer::kSgd, Optimizer::kAdam, Optimizer::kRmsprop, Optimizer::kLion}) {
    const bool has_betas = kind == Optimizer::kAdam || kind == Optimizer::kLion;
    const auto updated = [&](float of_settings, float of_step) {
      kernels::OptimizerSettings settings{kind};
      (has_betas ? settings.beta1 : settings.momentum) = of_settings;
      kernels::StepState state{2, 0, 0.01f, 4.0f, 20.0f};
      state.momentum = of_step;
      Array<float> w(tests::random_floats(1500, 1)), m(tests::random_floats(1500, 2));
      Array<float> v(std::vector<float>(1500, 0.5f)), gradient(tests::random_floats(1500, 3));
      cpu_backend().optimizer_update(*cpu_contexts().front(), settings, &state, w.data(), m.data(),
                                     kernels::has_second_moment(kind) ? v.data() : nullptr, gradient.data(), 1500, 1,
                                     nullptr);
      std::vector<float> both = w.values(), momenta = m.values();
      both.insert(both.end(), momenta.begin(), momenta.end());
      return both;
    };
    CHECK(updated(0.9f, 0.75f) == updated(0.75f, -1.0f));
    CHECK(updated(0.9f, 0.0f) == updated(0.0f, -1.0f));
    CHECK(updated(0.9f, 0.75f) != updated(0.9f, -1.0f));
  }
}

TEST_CASE(
    "the sum of squares is the dot product of the tensor with itself, for every size, thread and instruction set") {
  for (const int count : {0, 1, 255, 256, 257, 4095, 4096, 4097, 20001, 300000}) {
    const std::vector<float> x = tests::random_floats(static_cast<std::size_t>(count), 41);
    const float expected = kernels::dot(count, x.data(), 1, x.data(), 1);
    const Array<float> x_array(x);
    for (kernels::Context* context : cpu_contexts()) {
      INFO(count << " on " << describe_device(*context));
      Array<float> out(1);
      cpu_backend().sum_of_squares(*context, out.data(), x_array.data(), count);
      CHECK(first_difference(out.values(), {expected}) == "");
    }
  }
}

TEST_CASE("gradients whose norm is above the limit are scaled down to it, others are left alone") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const auto scale = [](const std::vector<float>& squares, float limit) {
    kernels::StepState state{1, 0, 0, 0, 0, 7.0f};
    const Array<float> array(squares);
    cpu_backend().clip_gradients(*cpu_contexts().front(), &state, array.data(), static_cast<int>(squares.size()),
                                 limit);
    return state.gradient_scale;
  };
  CHECK(scale({9, 16}, 1.0f) == 0.2f);
  CHECK(scale({9, 16}, 5.0f) == 1.0f);
  CHECK(scale({9, 16}, 6.0f) == 1.0f);
  CHECK(scale({}, 1.0f) == 1.0f);
  CHECK(scale({nan, 1}, 1.0f) == 1.0f);
  CHECK(scale({inf, 1}, 1.0f) == 0.0f);
  // In order: 2^24 + 1 + 1 rounds to 2^24 at every addition, 1 + 1 + 2^24 does not.
  CHECK(scale({0x1p+24f, 1, 1}, 1.0f) == 1.0f / 4096.0f);
  CHECK(scale({1, 1, 0x1p+24f}, 1.0f) == 1.0f / std::sqrt(0x1p+24f + 2.0f));
}

TEST_CASE("optimizer_update without a fingerprint updates all the same") {
  const kernels::OptimizerSettings settings{Optimizer::kSgd, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
  const kernels::StepState state{1, 0, 0.5f, 1.0f, 1.0f};
  Array<float> w(std::vector<float>{1.0f, 2.0f}), m(std::vector<float>{0.0f, 0.0f});
  const Array<float> gradient(std::vector<float>{2.0f, -2.0f});
  cpu_backend().optimizer_update(*cpu_contexts().front(), settings, &state, w.data(), m.data(), nullptr,
                                 gradient.data(), 2, 0, nullptr);
  CHECK(w.values() == std::vector<float>{0.0f, 3.0f});
}

TEST_CASE("the fingerprint is that of the rule for every size, and each NaN counts as one") {
  for (int count : {0, 1, 511, 512, 513, 1024, 1025, 30000}) {
    const std::vector<float> x = tests::special_floats(static_cast<std::size_t>(count), 31);
    std::vector<float> other_nans = x;
    std::vector<std::uint32_t> indices(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (x[i] != x[i]) other_nans[i] = std::bit_cast<float>(0xffc01234u);
      indices[i] = static_cast<std::uint32_t>(i * 2654435761u);
    }
    const std::uint64_t expected = expected_fingerprint(x, 3);
    const std::uint64_t expected_batch = expected_fingerprint(indices, 0xffffffffu);
    const Array<float> x_array(x), other_array(other_nans);
    const Array<std::uint32_t> indices_array(indices);
    for (kernels::Context* context : cpu_contexts()) {
      INFO(count << " on " << describe_device(*context));
      std::uint64_t found = 1, other = 2, batch = 3;
      cpu_backend().fingerprint(*context, x_array.data(), count, 3, &found);
      cpu_backend().fingerprint(*context, other_array.data(), count, 3, &other);
      cpu_backend().batch_fingerprint(*context, indices_array.data(), count, &batch);
      CHECK(found == expected);
      CHECK(other == expected);
      CHECK(batch == expected_batch);
    }
  }
}

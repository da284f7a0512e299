// Compiled several times, each time in a namespace of its own and with other flags: see math_digest.h.
#include "tests/core/math_digest.h"

#include "core/math_angle.h"
#include "core/math_beta.h"
#include "core/math_double.h"
#include "core/math_float.h"
#include "core/math_normal.h"

namespace math_copies {
namespace SWEEP_ISA {
namespace {

namespace portable = core::portable;

constexpr int kBatch = 4096;

std::uint64_t mixed(std::uint64_t digest, std::uint64_t bits) {
  digest = (digest ^ bits) * 0x9e3779b97f4a7c15u;
  return digest ^ (digest >> 29);
}

template <class Evaluate>
std::uint64_t digest_floats(Evaluate evaluate) {
  float x[kBatch], y[kBatch];
  std::uint64_t digest = 0;
  std::uint32_t bits = 0;
  for (int batch = 0; batch < 64; ++batch) {
    for (int i = 0; i < kBatch; ++i, bits += 16381u) x[i] = portable::float_of(bits);
    evaluate(x, y);
    for (int i = 0; i < kBatch; ++i) digest = mixed(digest, portable::canonical_bits(y[i]));
  }
  return digest;
}

template <double (*kFunction)(double)>
std::uint64_t digest_doubles() {
  std::uint64_t digest = 0;
  std::uint64_t bits = 0;
  for (int i = 0; i < 1 << 16; ++i, bits += 0x0000fffe12345678u) {
    const double y = kFunction(portable::double_of(bits));
    digest = mixed(digest, y == y ? portable::bits_of(y) : 0u);
  }
  return digest;
}

std::uint64_t digest_normal_quantile() {
  std::uint64_t digest = 0;
  std::uint64_t k = 0;
  for (int i = 0; i < 1 << 16; ++i, k += 0x0000fffe12345u) {
    const double u = (static_cast<double>(k & 0xfffffffffffffu) + 0.5) * 0x1p-52;
    digest = mixed(digest, portable::bits_of(portable::normal_quantile(u)));
  }
  return digest;
}

std::uint64_t digest_beta_quantile() {
  constexpr double kParameters[] = {0.02, 0.1, 0.7, 1.0, 3.0, 40.0, 1000.0, 3e5, 2e7, 1e40};
  std::uint64_t digest = 0;
  std::uint64_t k = 0;
  for (const double a : kParameters) {
    for (const double b : kParameters) {
      const portable::BetaQuantile quantile(a, b);
      for (int i = 0; i < 40; ++i, k += 0x07ffe12345678u) {
        const double u = (static_cast<double>(k & 0xfffffffffffffu) + 0.5) * 0x1p-52;
        digest = mixed(digest, portable::bits_of(quantile(u)));
      }
    }
  }
  return digest;
}

}  // namespace

MathDigests math_digests() {
  const auto over = [](auto function) {
    return digest_floats([&](const float* x, float* y) {
      for (int i = 0; i < kBatch; ++i) y[i] = function(x[i]);
    });
  };
  return {over([](float x) { return portable::exp(x); }),
          over([](float x) { return portable::log(x); }),
          over([](float x) { return portable::tanh(x); }),
          over([](float x) { return portable::sigmoid(x); }),
          over([](float x) { return portable::gelu(x); }),
          over([](float x) { return portable::gelu_derivative(x); }),
          over([](float x) { return portable::sin(x); }),
          over([](float x) { return portable::cos(x); }),
          digest_doubles<portable::exp>(),
          digest_doubles<portable::log>(),
          digest_normal_quantile(),
          digest_beta_quantile()};
}

}  // namespace SWEEP_ISA
}  // namespace math_copies

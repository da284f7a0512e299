// What the parts of the self-test share: inputs that Philox makes, digests, and a back end to run on. Included by the
// sources that compute digests; nobody else's business.
#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "core/math_float.h"
#include "core/philox.h"
#include "kernels/fingerprint_formula.h"
#include "kernels/selftest.h"

namespace kernels::selftest {

using Floats = std::vector<float>;

/// 64 bits over a sequence of words, order included.
class Digest {
 public:
  void add(std::uint64_t word) { value_ = fingerprint_scramble(value_ * 0x9e3779b97f4a7c15u + word + 1u); }
  void add(std::uint32_t word) { add(std::uint64_t{word}); }
  void add(std::int32_t word) { add(std::uint64_t{static_cast<std::uint32_t>(word)}); }
  void add(float x) { add(core::portable::canonical_bits(x)); }
  void add(double x) { add(x == x ? core::portable::bits_of(x) : 0x7ff8000000000000u); }
  template <class T>
  void add(const std::vector<T>& values) {
    for (const T& value : values) add(value);
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

inline std::uint32_t random_word(std::uint32_t stream, std::size_t i) {
  const auto index = static_cast<std::uint32_t>(i);
  return core::philox(core::Philox4{{index / 4, stream, 0u, 0u}}, 0x73656c6674657374u).word[index % 4];
}

/// Numbers of both signs between 2^-8 and 1, as weights and activations are.
inline Floats ordinary(std::uint32_t stream, std::size_t count) {
  Floats values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t word = random_word(stream, i);
    values[i] =
        core::portable::float_of((word & 0x80000000u) | ((119u + (word >> 8) % 8u) << 23) | (word & 0x007fffffu));
  }
  return values;
}

/// Any bits: every exponent, one in 256 not finite.
inline Floats raw(std::uint32_t stream, std::size_t count) {
  Floats values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = core::portable::float_of(random_word(stream, i));
  return values;
}

/// Ordinary numbers; some denormal, some ±0, and where `wild` some infinite or NaN. One kind rules a stretch of 61.
inline Floats special(std::uint32_t stream, std::size_t count, bool wild) {
  constexpr std::uint32_t kKinds[] = {0x00000000u, 0x80000000u, 0x00000001u, 0x007fffffu, 0x80012345u,
                                      0x00800000u, 0x7f800000u, 0xff800000u, 0x7fc01234u};
  const std::size_t kinds = wild ? std::size(kKinds) : std::size(kKinds) - 3;
  Floats values = ordinary(stream, count);
  for (std::size_t i = 0; i < count; ++i) {
    if (random_word(stream + 1000u, i) % 5u == 0u) values[i] = core::portable::float_of(kKinds[i / 61 % kinds]);
  }
  return values;
}

/// One back end, and the digests collected on it.
class Run {
 public:
  Run(const Backend& table, Context& its_context) : backend(table), context(its_context) {}

  template <class T>
  Buffer<T> upload(const std::vector<T>& values) {
    Buffer<T> buffer(backend, context, values.size());
    backend.copy_to_device(context, buffer.data(), values.data(), values.size() * sizeof(T));
    backend.synchronize(context);
    return buffer;
  }
  template <class T>
  std::vector<T> download(const Buffer<T>& buffer) {
    std::vector<T> values(buffer.size());
    backend.copy_to_host(context, values.data(), buffer.data(), values.size() * sizeof(T));
    return values;
  }
  template <class T>
  Buffer<T> make(std::size_t count) {
    return Buffer<T>(backend, context, count);
  }
  void record(std::string name, const Digest& digest) {
    digests.push_back({std::move(name), digest.value(), in_identity});
  }
  /// Records the digest of one device buffer.
  template <class T>
  void record(std::string name, const Buffer<T>& buffer) {
    Digest digest;
    digest.add(download(buffer));
    record(std::move(name), digest);
  }

  const Backend& backend;
  Context& context;
  std::vector<SelftestDigest> digests;
  bool in_identity = true;  ///< of what is recorded from here on
};

void add_text(Run& run);      ///< addition, embedding, layer normalisation, attention
void add_training(Run& run);  ///< later optimizers, clipping, losses, augmentation
void add_images(Run& run);    ///< convolution, pooling, batch normalisation
void add_steps(Run& run);     ///< what steps call in place of these; last, and not in the identity

}  // namespace kernels::selftest

// Philox4x32-10: the known answers of its authors, at compile time as well.
#include "tests/catch.h"

#include "core/philox.h"

namespace {

constexpr bool equal(core::Philox4 a, core::Philox4 b) {
  for (int i = 0; i < 4; ++i)
    if (a.word[i] != b.word[i]) return false;
  return true;
}

constexpr std::uint32_t kOnes = 0xffffffffu;
static_assert(equal(core::philox({{0, 0, 0, 0}}, 0), {{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}}));

}  // namespace

TEST_CASE("Philox4x32-10 gives the known answers") {
  CHECK(equal(core::philox({{0, 0, 0, 0}}, 0), {{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}}));
  CHECK(equal(core::philox({{kOnes, kOnes, kOnes, kOnes}}, ~std::uint64_t{0}),
              {{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu}}));
  CHECK(equal(core::philox({{0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}}, 0x299f31d0a4093822u),
              {{0xd16cfe09u, 0x94fdcceb, 0x5001e420u, 0x24126ea1u}}));
}

TEST_CASE("two purposes, tensors, steps or seeds never share a draw") {
  const core::Philox4 base = core::random_bits(7, core::Purpose::kDropout, 3, 5, 9);
  CHECK_FALSE(equal(base, core::random_bits(8, core::Purpose::kDropout, 3, 5, 9)));
  CHECK_FALSE(equal(base, core::random_bits(7, core::Purpose::kShuffle, 3, 5, 9)));
  CHECK_FALSE(equal(base, core::random_bits(7, core::Purpose::kDropout, 4, 5, 9)));
  CHECK_FALSE(equal(base, core::random_bits(7, core::Purpose::kDropout, 3, 6, 9)));
  CHECK_FALSE(equal(base, core::random_bits(7, core::Purpose::kDropout, 3, 5, 10)));
}

TEST_CASE("a uniform float uses 24 bits and stays below one") {
  CHECK(core::uniform_float(0) == 0.0f);
  CHECK(core::uniform_float(kOnes) == 1.0f - 0x1p-24f);
  CHECK(core::uniform_float(0x80000000u) == 0.5f);
  CHECK(core::uniform_float(0xff) == 0.0f);
}

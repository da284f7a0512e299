// The seeded permutation: a bijection for every n, uniform to a chi-square test, its known answers.
#include "tests/catch.h"

#include <array>
#include <map>

#include "core/permutation.h"

namespace {

using core::Permutation;
constexpr std::uint32_t kStream = 3u << 24;

/// Σ (seen − expected)² / expected.
double chi_square(const std::vector<int>& seen, double expected) {
  double sum = 0;
  for (const int count : seen) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

}  // namespace

static_assert(core::permute(0, 1, 42, 3, kStream) == 0);

TEST_CASE("the permutation is a bijection of 0 to n-1 for every n") {
  for (const std::uint64_t n : {1u, 2u, 3u, 4u, 5u, 7u, 8u, 255u, 256u, 257u, 1000u, 54000u, 65535u, 65536u, 65537u}) {
    for (const std::uint64_t key : {0u, 1u, 42u}) {
      const Permutation permutation(n, key, 1, kStream);
      std::vector<bool> seen(n, false);
      for (std::uint64_t i = 0; i < n; ++i) {
        const std::uint64_t to = permutation(i);
        REQUIRE(to < n);
        REQUIRE_FALSE(seen[to]);
        seen[to] = true;
      }
    }
  }
}

TEST_CASE("a permutation of up to 2^63 elements stays inside") {
  for (const std::uint64_t n :
       {(std::uint64_t{1} << 32) + 1, (std::uint64_t{1} << 62) + 12345, std::uint64_t{1} << 63}) {
    const Permutation permutation(n, 7, 0, kStream);
    for (std::uint64_t i = 0; i < 1000; ++i) REQUIRE(permutation(n - 1 - i * (n / 1000)) < n);
  }
}

TEST_CASE("another key, step or stream gives another permutation") {
  const auto first = [](const Permutation& permutation) {
    std::array<std::uint64_t, 8> values{};
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = permutation(i);
    return values;
  };
  const auto base = first(Permutation(60000, 42, 3, kStream));
  CHECK(base == first(Permutation(60000, 42, 3, kStream)));
  CHECK(base != first(Permutation(60000, 43, 3, kStream)));
  CHECK(base != first(Permutation(60000, 42, 4, kStream)));
  CHECK(base != first(Permutation(60000, 42, 3, kStream + 1)));
}

TEST_CASE("all orders of few elements come up equally often") {
  // Chi-square with 23 degrees of freedom: above 49.7 once in a thousand. The keys are fixed, so the test never wavers.
  constexpr int kTrials = 24000;
  std::map<std::array<std::uint64_t, 4>, int> orders;
  for (std::uint32_t step = 0; step < kTrials; ++step) {
    const Permutation permutation(4, 5, step, kStream);
    ++orders[{permutation(0), permutation(1), permutation(2), permutation(3)}];
  }
  REQUIRE(orders.size() == 24);
  std::vector<int> seen;
  for (const auto& [order, count] : orders) seen.push_back(count);
  CHECK(chi_square(seen, kTrials / 24.0) < 49.7);
}

TEST_CASE("each element lands everywhere equally often, and neighbours part") {
  // 99 degrees of freedom: above 148.2 once in a thousand.
  constexpr int kPlaces = 100;
  constexpr int kTrials = 20000;
  std::vector<int> place_of_first(kPlaces, 0), place_of_last(kPlaces, 0), distance(kPlaces, 0);
  for (std::uint32_t step = 0; step < kTrials; ++step) {
    const Permutation permutation(kPlaces, 99, step, kStream);
    ++place_of_first[permutation(0)];
    ++place_of_last[permutation(kPlaces - 1)];
    ++distance[(permutation(51) + kPlaces - permutation(50)) % kPlaces];
  }
  CHECK(chi_square(place_of_first, kTrials / 100.0) < 148.2);
  CHECK(chi_square(place_of_last, kTrials / 100.0) < 148.2);
  CHECK(distance[0] == 0);
  distance.erase(distance.begin());
  CHECK(chi_square(distance, kTrials / 99.0) < 148.2);
}

TEST_CASE("the parts of a long shuffled row are as mixed as chance has it") {
  // 15 × 15 degrees of freedom: above 295 once in a thousand; a shuffle too even would fall below 165.
  constexpr std::uint32_t kCount = 54000;
  constexpr std::uint32_t kParts = 16;
  const Permutation permutation(kCount, 1, 0, kStream);
  std::vector<int> seen(kParts * kParts, 0);
  for (std::uint64_t i = 0; i < kCount; ++i) {
    ++seen[i * kParts / kCount * kParts + permutation(i) * kParts / kCount];
  }
  const double value = chi_square(seen, static_cast<double>(kCount) / (kParts * kParts));
  CHECK(value < 295.0);
  CHECK(value > 165.0);
}

TEST_CASE("the permutation gives the known answers") {
  struct Known {
    std::uint64_t n;
    std::uint64_t to[4];  ///< of 0, 1, 2, 3 modulo n; key 42, step 3
  };
  const Known known[] = {
      {1u, {0u, 0u, 0u, 0u}},
      {2u, {0u, 1u, 0u, 1u}},
      {3u, {0u, 2u, 1u, 0u}},
      {7u, {0u, 4u, 1u, 6u}},
      {256u, {189u, 209u, 40u, 35u}},
      {1000u, {222u, 898u, 630u, 563u}},
      {65537u, {29996u, 62583u, 54946u, 44856u}},
      {1099511627776u, {1072128843472u, 847982215511u, 674385680281u, 349406970718u}},
      {9223372036854775808u, {6219577764733381318u, 3573777499119422860u, 8075685856614753761u, 395709042055646762u}},
  };
  for (const Known& row : known) {
    for (std::uint64_t i = 0; i < 4; ++i) CHECK(core::permute(i % row.n, row.n, 42, 3, kStream) == row.to[i]);
  }
}

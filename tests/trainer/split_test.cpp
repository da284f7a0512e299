// The train/validation split and the normalisation of its training part.
#include "trainer/data/split.h"

#include <algorithm>
#include <numeric>

#include "tests/catch.h"
#include "trainer/data/normalise.h"

TEST_CASE("a split holds every sample once, in ascending order, and as many as were asked for") {
  for (const std::uint32_t count : {2u, 3u, 10u, 999u, 1797u})
    for (const double fraction : {0.0, 0.001, 0.1, 0.25, 0.9}) {
      const trainer::Split split = trainer::split_samples(count, fraction, 7);
      CHECK(std::is_sorted(split.train.begin(), split.train.end()));
      CHECK(std::is_sorted(split.validation.begin(), split.validation.end()));
      std::vector<std::uint32_t> all = split.train;
      all.insert(all.end(), split.validation.begin(), split.validation.end());
      std::sort(all.begin(), all.end());
      std::vector<std::uint32_t> wanted(count);
      std::iota(wanted.begin(), wanted.end(), 0u);
      CHECK(all == wanted);
      const auto rounded = static_cast<std::uint32_t>(count * fraction + 0.5);
      CHECK(split.validation.size() == (fraction > 0 ? std::clamp(rounded, 1u, count - 1) : 0));
    }
}

TEST_CASE("one seed splits in one way, another seed in another") {
  const auto digest = [](std::uint64_t seed) { return trainer::split_samples(1797, 0.1, seed).digest(); };
  CHECK(digest(1) == digest(1));
  CHECK(digest(1) != digest(2));
  CHECK(trainer::split_samples(1797, 0.1, 1).digest() != trainer::split_samples(1797, 0.2, 1).digest());
}

TEST_CASE("a table is normalised column by column from its training rows alone") {
  trainer::Samples samples{2, {}, {1, 5, 3, 5, 100, 5}, {0, 1, 0}};
  const trainer::Normalisation n = trainer::fit_normalisation(samples, false, {0, 1});
  CHECK(n.mean == std::vector<double>{2, 5});
  CHECK(n.deviation == std::vector<double>{1, 1});  // a constant column is only centred
  CHECK(trainer::normalised(samples, n, {0, 2}) == std::vector<float>{-1, 0, 98, 0});
}

TEST_CASE("images share one mean and deviation, and both ways of computing give the same bits") {
  trainer::Samples pixels{2, {0, 10, 20, 255}, {}, {0, 1}};
  trainer::Samples values{2, {}, {0, 10, 20, 255}, {0, 1}};
  const trainer::Normalisation n = trainer::fit_normalisation(pixels, true, {0, 1});
  CHECK(n.mean == std::vector<double>{71.25});
  CHECK(n.digest() == trainer::fit_normalisation(values, true, {0, 1}).digest());
  CHECK(trainer::normalised(pixels, n, {1, 0}) == trainer::normalised(values, n, {1, 0}));
}

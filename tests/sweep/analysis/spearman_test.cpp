// Spearman's correlation, against values worked out by hand.
#include "sweep/analysis/spearman.h"

#include <cmath>
#include <vector>

#include "tests/catch.h"

using sweep::spearman;
using Numbers = std::vector<double>;

TEST_CASE("a correlation of ranks is 1 where both rise, -1 where one falls, whatever the distances") {
  CHECK(spearman(Numbers{1, 2, 3, 4}, Numbers{0.1, 5, 6, 1e300}) == 1.0);
  CHECK(spearman(Numbers{1, 2, 3, 4}, Numbers{7, 5, -6, -1e300}) == -1.0);
}

TEST_CASE("a correlation of ranks without ties is 1 less six times the squared distances") {
  // d = 0, 1, 1, 1, 1 → 1 − 6·4 / (5·24)
  CHECK(*spearman(Numbers{1, 2, 3, 4, 5}, Numbers{10, 30, 20, 50, 40}) == Approx(0.8).margin(1e-15));
}

TEST_CASE("ties share the middle of their ranks") {
  // Ranks 1, 2.5, 2.5, 4 and 1, 3, 2, 4: covariance 4.5, squares 4.5 and 5.
  CHECK(*spearman(Numbers{1, 2, 2, 3}, Numbers{1, 3, 2, 4}) == Approx(4.5 / std::sqrt(4.5 * 5.0)).margin(1e-15));
  CHECK(*spearman(Numbers{0.0, -0.0, 1}, Numbers{1, 1, 2}) == Approx(1).margin(1e-15));
}

TEST_CASE("where one side has one value there is no correlation") {
  CHECK_FALSE(spearman(Numbers{3, 3, 3}, Numbers{1, 2, 3}));
  CHECK_FALSE(spearman(Numbers{1, 2, 3}, Numbers{3, 3, 3}));
  CHECK_FALSE(spearman(Numbers{}, Numbers{}));
}

// Trees and their variance, on trees that can be worked out by hand.
#include "sweep/analysis/decomposition.h"

#include "sweep/analysis/forest.h"
#include "sweep/analysis/pairs.h"
#include "tests/catch.h"

using namespace sweep;

namespace {

// A line of which a quarter of the trials stand at each of four places, and a choice of two.
std::vector<Feature> line_and_choice() {
  Feature line;
  line.name = "line";
  line.is_ordered = true;
  line.stretches = {{0, 0.25}, {0.25, 0.5}, {0.5, 0.75}, {0.75, 1}};
  Feature choice;
  choice.name = "choice";
  choice.levels = {"a", "b"};
  choice.weights = {0.5, 0.5};
  return {line, choice};
}

Leaf leaf(Stretch stretch, std::vector<std::uint8_t> set, double value) {
  return {{{stretch, {0, 1}}, {{}, std::move(set)}}, value};
}

// 0 below a quarter; above it 4 for a and 8 for b.
Tree small_tree() {
  Tree tree;
  tree.leaves = {leaf({0, 0.25}, {1, 1}, 0), leaf({0.25, 1}, {1, 0}, 4), leaf({0.25, 1}, {0, 1}, 8)};
  tree.nodes = {{0, 0.25, {}, ~0, 1}, {1, 0, {1, 0}, ~1, ~2}};
  return tree;
}

}  // namespace

TEST_CASE("the variance of a tree and the parts of it are the sums over its leaves") {
  const std::vector<Feature> features = line_and_choice();
  const Tree tree = small_tree();
  const Decomposition parts = decompose(features, tree.leaves);
  CHECK(parts.mean == 4.5);
  CHECK(parts.variance == 9.75);  // (0 + 16·3/8 + 64·3/8) − 4.5²
  CHECK(parts.marginals[0].bounds == std::vector<double>{0, 0.25, 1});
  CHECK(parts.marginals[0].means == std::vector<double>{-4.5, 1.5});
  CHECK(parts.marginals[1].means == std::vector<double>{-1.5, 1.5});
  CHECK(parts.alone == std::vector<double>{6.75, 2.25});
  CHECK(mean_between(features[0], parts.marginals[0], 0, 0.5) == -1.5);
}

TEST_CASE("a forest of one tree explains what the tree does, and its interactions are what is left") {
  const std::vector<Feature> features = line_and_choice();
  const Tree tree = small_tree();
  Forest forest(features);
  forest.add(tree, decompose(features, tree.leaves));
  const Explained explained = forest.explain(1);
  // By points: within two in a hundred of the exact 0.75.
  CHECK(explained.interactions == Approx(0.75 / 9.75).epsilon(0.04));
  CHECK(explained.alone[0] == Approx(6.75 / 9.75).epsilon(0.01));
}

TEST_CASE("a pair explains what a tree has beyond what each of the two does alone") {
  const std::vector<Feature> features = line_and_choice();
  Pairs pairs(features, {0, 1});
  pairs.add(small_tree().leaves, 4.5);
  const std::vector<Pairs::Pair> found = pairs.explain();
  REQUIRE(found.size() == 1);
  CHECK(found[0].first == 0);
  CHECK(found[0].second == 1);
  CHECK(found[0].variance == 0.75);  // the grid cuts where the tree does
}

TEST_CASE("a point is in the leaf whose box holds it") {
  const std::vector<Feature> features = line_and_choice();
  const Tree tree = small_tree();
  CHECK(find_leaf(features, tree.nodes, {{0.1, 0}, {0, 1}}) == 0);
  CHECK(find_leaf(features, tree.nodes, {{0.25, 0}, {0, 0}}) == 1);
  CHECK(find_leaf(features, tree.nodes, {{0.9, 0}, {0, 1}}) == 2);
  CHECK(find_leaf(features, {}, {{0.9, 0}, {0, 1}}) == 0);
}

TEST_CASE("a tree cuts at the borders of values, and its leaves cover the space once") {
  std::vector<Feature> features = line_and_choice();
  features[0].place = {0, 0, 1, 1, 2, 2, 3, 3};
  features[1].place = {0, 1, 0, 1, 0, 1, 0, 1};
  const std::vector<double> values = {0, 0, 0.5, 1, 0.5, 1, 0.5, 1};
  for (std::uint32_t number = 0; number < 20; ++number) {
    const Tree tree = grow_tree(features, values, 7, number);
    double covered = 0;
    for (const Leaf& one : tree.leaves) {
      covered += share_of(features[0], one.box, 0) * share_of(features[1], one.box, 1);
      CHECK(one.box.stretches[0].low < one.box.stretches[0].high);
    }
    CHECK(covered == Approx(1).margin(1e-12));
  }
}

// The distributions: their words, the forms that imply one, their defaults, their warnings.
#include "sweep/spec/distributions.h"

#include <fmt/format.h>

#include <set>

#include "tests/catch.h"

using sweep::Categorical;
using sweep::Constant;
using sweep::Continuous;
using sweep::Family;
using sweep::IntUniform;

namespace {

sweep::Spec read(const std::string& object) {
  return sweep::read_spec("method: random\nrun_cap: 1\nprogram: t.py\nparameters:\n  p: " + object, "sweep.yaml");
}

sweep::Distribution parameter(const std::string& object) { return read(object).parameters.at(0).distribution; }

Continuous continuous(const std::string& object) { return std::get<Continuous>(parameter(object)); }

}  // namespace

TEST_CASE("there are 18 distributions, and each is read by its word and keeps it") {
  std::set<std::string_view> words;
  for (const sweep::DistributionForm& form : sweep::kDistributions) {
    INFO(form.word);
    words.insert(form.word);
    std::string keys;
    if (form.shape == sweep::Shape::kConstant) keys = "value: 1";
    if (form.shape == sweep::Shape::kCategorical) keys = "values: [1, 2]";
    if (form.shape == sweep::Shape::kWeighted) keys = "values: [1, 2], probabilities: [0.5, 0.5]";
    if (keys.empty())
      keys = form.family == Family::kNormal || form.family == Family::kLogNormal ? "mu: 1, sigma: 2"
             : form.family == Family::kBeta                                      ? "a: 1, b: 2"
                                                                                 : "min: 1, max: 2";
    CHECK(name(parameter(fmt::format("{{distribution: {}, {}}}", form.word, keys))) == form.word);
  }
  CHECK(words.size() == 18);
}

TEST_CASE("mu, sigma, a, b and q have their defaults, and q is then a float") {
  const Continuous normal = continuous("{distribution: normal}");
  CHECK((normal.first == 0 && normal.second == 1 && !normal.quantum));
  const Continuous beta = continuous("{distribution: q_beta, b: 3}");
  CHECK((beta.first == 1 && beta.second == 3));
  REQUIRE(beta.quantum.has_value());
  CHECK((beta.quantum->step == 1 && !beta.quantum->integer));
}

TEST_CASE("a step that is written as an integer gives integers, one written as a float gives floats") {
  CHECK(continuous("{distribution: q_uniform, min: 0, max: 9, q: 2}").quantum->integer);
  CHECK_FALSE(continuous("{distribution: q_uniform, min: 0, max: 9, q: 2.0}").quantum->integer);
}

TEST_CASE("probabilities make a list of values a weighted one, named or not") {
  for (const char* object : {"{values: [a, b], probabilities: [1, 0]}",
                             "{distribution: categorical, values: [a, b], probabilities: [1.0, 0]}",
                             "{distribution: categorical_w_probabilities, values: [a, b], probabilities: [1, 0.0]}"}) {
    INFO(object);
    const auto list = std::get<Categorical>(parameter(object));
    CHECK(list.probabilities == std::vector<double>{1, 0});
    CHECK(name(list) == "categorical_w_probabilities");
    CHECK_FALSE(enumerable(list));
  }
}

TEST_CASE("probabilities may miss the sum of 1 by 1e-5 and no more") {
  CHECK_NOTHROW(parameter("{values: [1, 2, 3], probabilities: [0.33333, 0.33333, 0.33333]}"));
  CHECK_THROWS(parameter("{values: [1, 2, 3], probabilities: [0.3333, 0.3333, 0.3333]}"));
}

TEST_CASE("a normal distribution without spread is allowed") {
  CHECK(continuous("{distribution: normal, mu: 4, sigma: 0}").second == 0);
}

TEST_CASE("the bounds of inv_log_uniform are exponents of 1/x, and become those of x") {
  const Continuous inverse = continuous("{distribution: inv_log_uniform, min: -2, max: 3}");
  CHECK(inverse.family == Family::kLogUniform);
  CHECK(inverse.first == -3);
  CHECK(inverse.second == 2);
}

TEST_CASE("a warning shows what bounds that are exponents mean") {
  const sweep::Spec spec = read("{distribution: log_uniform, min: 1e-5, max: 0.1}");
  REQUIRE(spec.warnings.size() == 1);
  CHECK(spec.warnings[0].problem ==
        "the bounds of log_uniform are natural exponents: 'p' is drawn from 1.00001 to 1.10517");
}

TEST_CASE("exponents reach to 709 and the largest value is still a double") {
  CHECK_NOTHROW(parameter("{distribution: log_uniform, min: -709, max: 709}"));
  CHECK_THROWS(parameter("{distribution: log_uniform, min: 0, max: 709.1}"));
}

TEST_CASE("a grid enumerates constants, lists, integers and steps of q_uniform, and nothing else") {
  const std::set<std::string_view> finite = {"constant", "categorical", "int_uniform", "q_uniform"};
  CHECK(enumerable(Constant{1}));
  CHECK(enumerable(IntUniform{1, 2}));
  for (const sweep::DistributionForm& form : sweep::kDistributions) {
    if (form.shape != sweep::Shape::kContinuous) continue;
    INFO(form.word);
    Continuous distribution{form.word, form.family, 0, 1};
    if (form.quantised) distribution.quantum = sweep::Quantum{};
    CHECK(enumerable(distribution) == finite.contains(form.word));
  }
}

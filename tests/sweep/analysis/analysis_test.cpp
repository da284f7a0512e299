// Importance on functions whose Sobol indices are known, and the words where there is nothing to say.
#include "sweep/analysis/analysis.h"

#include <algorithm>
#include <limits>
#include <set>

#include "tests/catch.h"
#include "tests/sweep/analysis/functions.h"
#include "tests/sweep/rank/sample_study.h"

using namespace sweep;

namespace {

const ParameterAnalysis& of(const Analysis& analysis, const std::string& name) {
  for (const ParameterAnalysis& parameter : analysis.parameters)
    if (parameter.name == name) return parameter;
  FAIL("no parameter " << name);
  return analysis.parameters.front();
}

std::vector<std::string> order(const Analysis& analysis) {
  std::vector<std::string> names;
  for (const ParameterAnalysis& parameter : analysis.parameters) names.push_back(parameter.name);
  return names;
}

}  // namespace

TEST_CASE("the importance of Ishigami's function is within 0.05 of its Sobol indices, pairs too") {
  const functions::Table table = functions::ishigami(2000);
  const Analysis found = table.analysis({0x7f3a9c0012ab34cd, false, true});
  CHECK(order(found) == std::vector<std::string>{"x2", "x1", "x3"});
  CHECK(of(found, "x1").importance == Approx(0.3139).margin(0.05));
  CHECK(of(found, "x2").importance == Approx(0.4424).margin(0.05));
  CHECK(of(found, "x3").importance == Approx(0.0).margin(0.05));
  CHECK(found.interactions == Approx(0.2437).margin(0.05));
  REQUIRE(found.pairs.size() == 3);
  CHECK(found.pairs[0].first == "x1");
  CHECK(found.pairs[0].second == "x3");
  CHECK(found.pairs[0].importance == Approx(0.2437).margin(0.05));
  CHECK(found.pairs[1].importance == Approx(0.0).margin(0.05));
  CHECK(core::format_double(found.pairs[0].importance) == "0.2397113398488842");
  CHECK(core::format_double(found.pairs[1].importance) == "0.022553570070902997");
}

TEST_CASE("pairs of a line, whole numbers and a choice that some trials do not set have the same bits each time") {
  functions::Table table = functions::additive(300);
  for (std::size_t i = 0; i < table.configs.size(); i += 4) table.configs[i].erase("rate");
  for (std::size_t i = 0; i < table.configs.size(); i += 5) table.configs[i].erase("choice");
  const Analysis found = table.analysis({7, false, true});
  REQUIRE(found.pairs.size() == 3);
  CHECK(core::format_double(found.pairs[0].importance) == "0.007511279432787957");
  CHECK(core::format_double(found.pairs[1].importance) == "0.0056951810010952494");
  CHECK(core::format_double(found.pairs[2].importance) == "0.002813894496451718");
}

TEST_CASE("the importance of Sobol's g-function is within 0.05 of its indices, in their order") {
  const functions::Table table = functions::g_function(2000);
  const Analysis found = table.analysis();
  CHECK(order(found) == std::vector<std::string>{"x1", "x2", "x3", "x4"});
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(found.parameters[i].importance == Approx(functions::g_indices()[i]).margin(0.05));
}

TEST_CASE("an additive function of a whole number, a learning rate and a choice has no interactions") {
  const functions::Table table = functions::additive(500);
  const Analysis found = table.analysis();
  // Variances: 16 · 11/108 of a whole number's ten places, 4/12 of a line, 2/3 of three choices.
  const double width = 16 * 11.0 / 108, rate = 4.0 / 12, choice = 2.0 / 3, all = width + rate + choice;
  CHECK(order(found) == std::vector<std::string>{"width", "choice", "rate"});
  CHECK(of(found, "width").importance == Approx(width / all).margin(0.05));
  CHECK(of(found, "choice").importance == Approx(choice / all).margin(0.05));
  CHECK(of(found, "rate").importance == Approx(rate / all).margin(0.05));
  CHECK(found.interactions < 0.02);
}

TEST_CASE("the effects of a parameter are what the function does at its values") {
  const functions::Table table = functions::additive(500);
  const Analysis found = table.analysis({0x7f3a9c0012ab34cd, true, false});
  const ParameterAnalysis& width = of(found, "width");
  REQUIRE(width.effects.size() == 10);  // each whole number
  CHECK(width.effects[3].from == 3);
  CHECK(width.effects[3].to == 3);
  CHECK(width.effects[3].share == Approx(0.1).margin(1e-9));
  for (std::size_t i = 0; i < 10; ++i) CHECK(width.effects[i].mean == Approx(4.0 * i / 9 + 2).margin(0.15));
  CHECK(width.best_effect == std::size_t{9});
  CHECK(*width.spearman > 0.7);
  const ParameterAnalysis& choice = of(found, "choice");
  REQUIRE(choice.effects.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(choice.effects[i].mean == Approx(3.0 + i).margin(0.15));
  CHECK_FALSE(choice.spearman);
  std::uint64_t trials = 0;
  for (const Effect& effect : choice.effects) trials += effect.trials;
  CHECK(trials == 500);
  const ParameterAnalysis& rate = of(found, "rate");
  REQUIRE(rate.effects.size() == 8);  // equally likely: by the logarithm
  for (std::size_t i = 0; i < 8; ++i) CHECK(rate.effects[i].mean == Approx(3 + 2 * (i + 0.5) / 8).margin(0.2));
  CHECK(rate.effects[3].to.get<double>() == Approx(1e-3).epsilon(1e-9));
}

TEST_CASE("the best of a value is the best trial that has it, the first of equal ones") {
  functions::Table table({functions::choice("c", {"a", "b"})}, 40,
                         [](const core::Json& x) { return x["c"] == "a" ? 1.0 : 2.0; });
  const Analysis least = table.analysis();
  CHECK(least.parameters[0].best_effect == std::size_t{0});
  std::uint64_t first = 0;
  while (table.configs[first]["c"] != "b") ++first;
  CHECK(least.parameters[0].effects[1].best == 2.0);
  CHECK(least.parameters[0].effects[1].best_index == first);
  CHECK(table.analysis({1, true, false}).parameters[0].best_effect == std::size_t{1});
}

TEST_CASE("the same table gives the same bits, and another seed other trees") {
  const functions::Table table = functions::g_function(100);
  const Analysis once = table.analysis(), again = table.analysis(), other = table.analysis({5, false, false});
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(once.parameters[i].importance == again.parameters[i].importance);
    CHECK(once.parameters[i].effects[0].mean == again.parameters[i].effects[0].mean);
  }
  CHECK(once.parameters[0].importance != other.parameters[0].importance);
  CHECK(core::format_double(once.parameters[0].importance) == "0.7807462005164315");
}

TEST_CASE("one parameter explains everything") {
  const functions::Table table({functions::uniform("x", 0, 1)}, 50,
                               [](const core::Json& x) { return x["x"].get<double>() * x["x"].get<double>(); });
  const Analysis found = table.analysis();
  REQUIRE(found.parameters.size() == 1);
  CHECK(found.parameters[0].importance == Approx(1).margin(1e-12));
  CHECK(*found.parameters[0].spearman == Approx(1).margin(1e-15));
}

TEST_CASE("a parameter that some trials do not set has that as a value of its own") {
  for (const bool ordered : {true, false}) {
    functions::Table table(
        {ordered ? functions::uniform("x", 0, 1) : functions::choice("x", {"a", "b"}), functions::uniform("y", 0, 1)},
        400, [](const core::Json&) { return 0.0; });
    for (std::size_t i = 0; i < table.configs.size(); ++i) {
      if (i % 4 == 0) table.configs[i].erase("x");
      table.observations[i].value = i % 4 == 0 ? 10 : table.configs[i]["y"].get<double>();
    }
    const Analysis found = table.analysis();
    const ParameterAnalysis& x = of(found, "x");
    CHECK(order(found)[0] == "x");
    std::size_t unset = 0;
    for (const Effect& effect : x.effects) {
      if (!effect.from.is_null()) continue;
      ++unset;
      CHECK(effect.trials == 100);
      CHECK(effect.share == 0.25);
      CHECK(effect.mean == Approx(10).margin(0.1));
    }
    CHECK(unset == 1);
    // 0.25 of the draws are 10, the others 0.5 on average: 0.1875 · 9.5², beside 0.75 / 12 of y.
    CHECK(x.importance > 0.95);
  }
}

TEST_CASE("a choice that is no number varies, and has no rank among the others") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const std::vector<core::Json>& values : {std::vector<core::Json>{nan, 0.1, 0.5}, {0.1, 0.5, nan}}) {
    functions::Table table({functions::choice("foo", values), functions::uniform("y", 0, 1)}, 30,
                           [](const core::Json& x) { return x["foo"] == 0.1 ? 1.0 : 2.0; });
    table.configs[0]["foo"] = values[0];
    const Analysis found = table.analysis();
    const ParameterAnalysis& foo = of(found, "foo");
    CHECK_FALSE(foo.spearman);
    REQUIRE(foo.effects.size() == 3);
    std::uint64_t trials = 0;
    for (const Effect& effect : foo.effects) trials += effect.trials;
    CHECK(trials == 30);
  }
  functions::Table same({functions::choice("foo", {nan}), functions::uniform("y", 0, 1)}, 30,
                        [](const core::Json& x) { return x["y"].get<double>(); });
  CHECK(order(same.analysis()) == std::vector<std::string>{"y"});
}

TEST_CASE("a choice that is infinite has its rank beyond all others") {
  const double infinity = std::numeric_limits<double>::infinity();
  const functions::Table table({functions::choice("foo", {-infinity, 0.1, infinity})}, 30, [&](const core::Json& x) {
    return x["foo"] == infinity ? 3.0 : x["foo"] == 0.1 ? 2.0 : 1.0;
  });
  CHECK(*of(table.analysis(), "foo").spearman == 1);
}

TEST_CASE(
    "the values of a rounded draw are those that draws have, each as likely as it is, and every trial is at its own") {
  using sweep::Family;
  const Continuous uniform{"", Family::kUniform, 0, 9.9, sweep::Quantum{2, true}};
  const Continuous decades{"", Family::kLogUniformValues, 0.5, 8, sweep::Quantum{2, true}};
  const Continuous normal{"", Family::kNormal, 0, 0.5, sweep::Quantum{2, true}};
  const std::vector<std::pair<Continuous, std::vector<int>>> cases = {
      {uniform, {0, 2, 4, 6, 8, 10}}, {decades, {0, 2, 4, 6, 8}}, {normal, {-4, -2, 0, 2, 4}}};
  for (const auto& [distribution, values] : cases) {
    const functions::Table table({{"x", distribution, 0, 0, {}}, functions::uniform("y", 0, 1)}, 400,
                                 [](const core::Json& x) { return x["x"].get<double>(); });
    const Analysis found = table.analysis({7, true, false});
    const ParameterAnalysis& x = of(found, "x");
    REQUIRE(x.effects.size() == values.size());
    double shares = 0;
    std::vector<int> most = {-1000};
    for (std::size_t i = 0; i < values.size(); ++i) {
      CHECK(x.effects[i].from == values[i]);
      CHECK(x.effects[i].to == values[i]);
      const auto trials =
          std::count_if(table.configs.begin(), table.configs.end(),
                        [&, &value = values[i]](const core::Json& config) { return config["x"] == value; });
      CHECK(x.effects[i].trials == static_cast<std::uint64_t>(trials));
      CHECK(x.effects[i].share == Approx(static_cast<double>(trials) / 400).margin(0.06));
      if (trials > 0) most.push_back(values[i]);
      shares += x.effects[i].share;
    }
    CHECK(shares == Approx(1).margin(1e-12));
    CHECK(x.effects[x.best_effect.value()].from == most.back());
  }
}

TEST_CASE("a grid shows the values that its trials have") {
  functions::Table table({{"x", Continuous{"", sweep::Family::kUniform, 0, 9.9, sweep::Quantum{2, true}}, 0, 0, {}}},
                         40, [](const core::Json& x) { return x["x"].get<double>(); });
  table.spec.method = Method::kGrid;
  for (std::size_t i = 0; i < 40; ++i) table.configs[i]["x"] = 2 * (i % 5);
  const std::vector<Effect> effects = table.analysis().parameters.at(0).effects;
  REQUIRE(effects.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(effects[i].from == 2 * i);
    CHECK(effects[i].trials == 8);
    CHECK(effects[i].share == Approx(0.2).margin(1e-12));
  }
}

TEST_CASE("a value that is more likely than a range is has one row, and no other row has it") {
  const auto quantised = [](sweep::Family family, double first, double second, sweep::Quantum q) {
    return sweep::Parameter{"x", sweep::Continuous{"", family, first, second, q}, 0, 0, {}};
  };
  for (const sweep::Parameter& parameter :
       {quantised(sweep::Family::kNormal, 0, 1, {1, true}), quantised(sweep::Family::kNormal, 0, 1, {0.5, false}),
        quantised(sweep::Family::kLogNormal, -3, 3, {1, true})}) {
    functions::Table table({parameter}, 400, [](const core::Json& x) { return x["x"].get<double>(); });
    const Analysis analysis = table.analysis();
    const ParameterAnalysis& found = of(analysis, "x");
    REQUIRE(found.effects.size() > 1);
    std::uint64_t trials = 0;
    double share = 0;
    for (std::size_t i = 0; i < found.effects.size(); ++i) {
      const Effect& effect = found.effects[i];
      CHECK(effect.from.get<double>() <= effect.to.get<double>());
      if (i > 0) CHECK(found.effects[i - 1].to.get<double>() < effect.from.get<double>());
      std::uint64_t inside = 0;
      for (const core::Json& config : table.configs)
        inside += config["x"].get<double>() >= effect.from.get<double>() &&
                  config["x"].get<double>() <= effect.to.get<double>();
      CHECK(effect.trials == inside);
      trials += effect.trials;
      share += effect.share;
    }
    CHECK(trials == 400);
    CHECK(share == Approx(1).margin(1e-9));
  }
}

TEST_CASE("of many parameters only the pairs of the most important ones are looked at, in bounded time") {
  std::vector<Parameter> parameters;
  for (int i = 10; i < 50; ++i) parameters.push_back(functions::uniform("x" + std::to_string(i), 0, 1));
  const functions::Table table(parameters, 200, [](const core::Json& x) {
    return 3 * x["x30"].get<double>() + 5 * x["x20"].get<double>() * x["x40"].get<double>();
  });
  const Analysis found = table.analysis({7, false, true});
  CHECK(found.parameters.size() == 40);
  CHECK(found.paired == kMostPaired);
  REQUIRE(found.pairs.size() == kMostPaired * (kMostPaired - 1) / 2);
  CHECK(found.pairs[0].first == "x20");
  CHECK(found.pairs[0].second == "x40");
  std::set<std::string> paired, first;
  for (const PairAnalysis& pair : found.pairs) paired.insert({pair.first, pair.second});
  for (std::size_t i = 0; i < kMostPaired; ++i) first.insert(found.parameters[i].name);
  CHECK(paired == first);
  CHECK(functions::ishigami(50).analysis({7, false, true}).paired == 3);
  CHECK(functions::ishigami(50).analysis().paired == 0);
}

TEST_CASE("values of the metric at the ends of a double's range are analysed as any others") {
  const functions::Table table({functions::uniform("x", 0, 1), functions::uniform("y", 0, 1)}, 60,
                               [](const core::Json& x) { return (x["x"].get<double>() - 0.5) * 1.7e308 * 2; });
  const Analysis found = table.analysis();
  CHECK(order(found)[0] == "x");
  CHECK(found.parameters[0].importance > 0.9);
  CHECK(std::abs(found.parameters[0].effects[0].mean) < 1.7e308);
}

TEST_CASE("where nothing can be said, it is said why") {
  const auto y = [](const core::Json& x) { return x["x"].get<double>(); };
  const functions::Table seven({functions::uniform("x", 0, 1)}, 7, y);
  CHECK(seven.analysis().nothing == "only 7 of the trials have a rank, and it takes 8");
  functions::Table repeated({functions::uniform("x", 0, 1)}, 7, y);
  repeated.spec.repeats = 3;
  CHECK(repeated.analysis().nothing == "only 7 of the configurations have a rank, and it takes 8");
  const functions::Table none({functions::uniform("x", 0, 1)}, 0, y);
  CHECK(none.analysis().nothing == "no trial has a rank");
  const functions::Table constant({functions::uniform("x", 0, 1)}, 20, [](const core::Json&) { return 3.0; });
  CHECK(constant.analysis().nothing == "all ranked trials have the same value");
  functions::Table fixed({functions::choice("x", {1})}, 20, y);
  fixed.observations[3].value = 2;
  CHECK(fixed.analysis().nothing == "no parameter varies among the ranked trials");
}

TEST_CASE("ranked rows are counted, and the trials that they stand for") {
  Study study(Terms{.metric = sample::loss(), .repeats = 3});
  for (std::uint64_t i = 0; i < 9; ++i)
    sample::run(study, i, 1.0, i == 4 ? protocol::Outcome::kDiverged : protocol::Outcome::kCompleted, {{"x", i / 3}});
  const RankedRows ranked = count_ranked(rank(study));
  CHECK(ranked.rows == 2);
  CHECK(ranked.trials == 6);
}

TEST_CASE("only ranked rows are read, by index, and of very many a sample that the seed decides") {
  Study study(sample::loss());
  for (std::uint64_t i = 0; i < 10; ++i)
    sample::run(study, i, static_cast<double>(10 - i),
                i == 4 ? protocol::Outcome::kDiverged : protocol::Outcome::kCompleted);
  const std::vector<Row> rows = rank(study);
  const std::vector<const Row*> all = analysed_rows(rows, 1);
  REQUIRE(all.size() == 9);
  CHECK(all[0]->trial->index == 0);
  CHECK(all[4]->trial->index == 5);

  std::vector<TrialState> trials(kMostTrials + 1000);
  std::vector<Row> many(trials.size());
  for (std::size_t i = 0; i < many.size(); ++i) {
    trials[i].index = i;
    many[i].trial = &trials[many.size() - 1 - i];
    many[i].standing = Standing::kRanked;
  }
  const std::vector<const Row*> sampled = analysed_rows(many, 1);
  REQUIRE(sampled.size() == kMostTrials);
  for (std::size_t i = 1; i < sampled.size(); ++i) CHECK(sampled[i - 1]->trial->index < sampled[i]->trial->index);
  CHECK(analysed_rows(many, 1) == sampled);
  CHECK(analysed_rows(many, 2) != sampled);
}

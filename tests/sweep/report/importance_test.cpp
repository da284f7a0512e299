// What a metric depends on, as text and JSON: exact.
#include "sweep/report/importance.h"

#include "tests/catch.h"

using namespace sweep;

namespace {

SweepHead head() {
  return {"a1b2c3d4e5f60718",
          "first try",
          "random",
          7,
          40,
          protocol::Metric{"val_loss", protocol::Goal::kMinimize, protocol::Reduce::kBest},
          ""};
}

Analysis two_parameters() {
  Analysis analysis;
  analysis.ranked = 38;
  analysis.trials = 38;
  analysis.interactions = 0.0625;
  ParameterAnalysis rate{"learning_rate", 0.7004, 0.05123, -0.25, {}, 1};
  rate.effects = {{1e-05, 0.001, 0.5, 0.5, 0.03125, 20, 0.25, 3}, {0.001, 0.1, 0.5, 0.2512345, 0.0625, 18, 0.125, 12}};
  ParameterAnalysis optimizer{"optimizer", 0.2375, 0.02, std::nullopt, {}, 0};
  optimizer.effects = {{"adam", "adam", 0.75, 0.25, 0.01, 38, 0.125, 12},
                       {nullptr, nullptr, 0.25, 0.5, 0.01, 0, std::nullopt, 0}};
  analysis.parameters = {rate, optimizer};
  return analysis;
}

}  // namespace

TEST_CASE("importance is a table by importance, then a table for each parameter") {
  const std::string text = importance_table(head(), two_parameters());
  CHECK(text.substr(0, text.find("\n\nlearning_rate\n")) ==
        "sweep a1b2c3d4e5f60718 'first try': what val_loss depends on\n"
        "38 ranked trials; functional ANOVA of 64 trees, ± over the trees\n"
        "\n"
        "parameter       importance      ±  spearman\n"
        "learning_rate        0.7    0.051     -0.25\n"
        "optimizer            0.238  0.02       -\n"
        "(interactions)       0.062  -          -");
  CHECK(text.find("\n* 0.001 … 0.1 ") != std::string::npos);
  CHECK(text.find("\n\noptimizer\n") != std::string::npos);
  CHECK(text.find("\n  (not set) ") != std::string::npos);
}

TEST_CASE("a sample, pairs and a single parameter are said") {
  Analysis analysis = two_parameters();
  analysis.ranked = 100000;
  analysis.trials = 4000;
  analysis.paired = 2;
  analysis.pairs = {{"learning_rate", "optimizer", 0.0625}};
  const std::string text = importance_table(head(), analysis);
  CHECK(text.find("\na sample of 4000 of 100000 ranked trials; functional ANOVA") != std::string::npos);
  CHECK(text.find("\nlearning_rate × optimizer ") != std::string::npos);
  CHECK(text.find("only") == std::string::npos);
  analysis.parameters.pop_back();
  CHECK(importance_table(head(), analysis).find("\none parameter varies: all that can be explained is its own\n") !=
        std::string::npos);
}

TEST_CASE("where only the pairs of the most important parameters were looked at, it is said") {
  Analysis analysis = two_parameters();
  analysis.parameters.push_back(analysis.parameters[1]);
  analysis.paired = 2;
  analysis.pairs = {{"learning_rate", "optimizer", 0.0625}};
  CHECK(importance_table(head(), analysis).find("\npairs (×): of the 2 most important parameters only\n") !=
        std::string::npos);
  CHECK(importance_json(head(), analysis)["paired"] == 2);
}

TEST_CASE("with repeats configurations are counted and called so, and how many trials they are of is said") {
  SweepHead sweep = head();
  sweep.repeats = 3;
  Analysis analysis = two_parameters();
  analysis.ranked_trials = 114;
  std::string text = importance_table(sweep, analysis);
  CHECK(text.find("\n38 ranked configurations, each the mean of its trials (114 in all); functional ANOVA") !=
        std::string::npos);
  CHECK(text.find("  share  configurations  val_loss ") != std::string::npos);
  CHECK(text.find("  best mean  first trial\n") != std::string::npos);
  analysis.trials = 20;
  CHECK(analysed_text(sweep, analysis) ==
        "a sample of 20 of 38 ranked configurations, each the mean of its trials (114 in all)");
  const core::Json json = importance_json(sweep, analysis);
  CHECK(json["counts"] == "configurations");
  CHECK(json["ranked"] == 38);
  CHECK(json["ranked_trials"] == 114);
}

TEST_CASE("where there is nothing to say both forms say why") {
  Analysis analysis;
  analysis.nothing = "no trial has a rank";
  CHECK(importance_table(head(), analysis) ==
        "sweep a1b2c3d4e5f60718 'first try': what val_loss depends on\nnothing can be said: no trial has a rank\n");
  CHECK(
      core::canonical_json(importance_json(head(), analysis)) ==
      R"({"counts":"trials","interactions":null,"method":{"name":"fanova","trees":64},"nothing":"no trial has a rank","paired":0,"pairs":[],)"
      R"("parameters":[],"ranked":0,"ranked_trials":0,"sweep":{"id":"a1b2c3d4e5f60718","metric":{"goal":"minimize","name":"val_loss",)"
      R"("reduce":"best"},"name":"first try"},"trials":0})");
}

TEST_CASE("importance as JSON is exact") {
  const core::Json json = importance_json(head(), two_parameters());
  CHECK(json["nothing"].is_null());
  CHECK(json["interactions"] == 0.0625);
  CHECK(
      core::canonical_json(json["parameters"][1]) ==
      R"({"best_effect":0,"effects":[{"best":0.125,"best_index":12,"from":"adam","mean":0.25,"share":0.75,"std":0.01,)"
      R"("to":"adam","trials":38},{"best":null,"best_index":null,"from":null,"mean":0.5,"share":0.25,"std":0.01,)"
      R"("to":null,"trials":0}],"importance":0.2375,"name":"optimizer","spearman":null,"std":0.02})");
}

TEST_CASE("names that would act on a terminal are escaped in a table of importance") {
  Analysis analysis = two_parameters();
  analysis.parameters[0].name = "rate\x1b[31m";
  CHECK(importance_table(head(), analysis).find('\x1b') == std::string::npos);
}

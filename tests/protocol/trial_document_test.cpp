// The trial document: both ways, and what is said when it is wrong.
#include "tests/catch.h"

#include <cmath>

#include "core/error.h"
#include "protocol/trial_document.h"

using namespace protocol;
using core::Json;

namespace {

TrialDocument sample() {
  TrialDocument document;
  document.sweep = "a1b2c3d4e5f60718";
  document.trial = "7f3a9c0012ab34cd";
  document.index = 3;
  document.seed = 1748203951;
  document.config = {{"learning_rate", 0.0003}, {"hidden", {512, 256}}};
  document.device = "cuda";
  document.gpu = "GPU-5f3c";
  document.data = DataSource{"fashion-mnist", "/data/fashion-mnist", "ab"};
  document.metric = Metric{"val_accuracy", Goal::kMaximize, Reduce::kBest};
  return document;
}

}  // namespace

TEST_CASE("a trial document reads back") {
  const Json json = sample().to_json();
  CHECK(core::canonical_json(TrialDocument::from_json(json, "trial.json").to_json()) == core::canonical_json(json));
  const Json bare = TrialDocument{}.to_json();
  CHECK_FALSE(bare.contains("gpu"));
  CHECK(core::canonical_json(TrialDocument::from_json(bare, "trial.json").to_json()) == core::canonical_json(bare));
}

TEST_CASE("what checkpoints a trial keeps stands in the document where it is not the usual") {
  CHECK_FALSE(sample().to_json().contains("checkpoints"));
  TrialDocument document = sample();
  document.keep_best = 3;
  document.best_name = "{epoch:02d}";
  Json json = document.to_json();
  CHECK(json["checkpoints"] == Json({{"best", 3}, {"name", "{epoch:02d}"}}));
  CHECK(TrialDocument::from_json(json, "trial.json").keep_best == 3);
  CHECK(TrialDocument::from_json(json, "trial.json").best_name == "{epoch:02d}");
  CHECK(TrialDocument::from_json(json, "trial.json").write_best);
  document.write_best = false;
  json = document.to_json();
  CHECK(json["checkpoints"] == Json({{"best", 3}, {"name", "{epoch:02d}"}, {"write_best", false}}));
  CHECK_FALSE(TrialDocument::from_json(json, "trial.json").write_best);
  json["checkpoints"] = {{"best", 101}};
  CHECK_THROWS_WITH(TrialDocument::from_json(json, "trial.json"),
                    "trial.json: field 'checkpoints.best' is 101, expected 1 to 100");
}

TEST_CASE("a wrong trial document is refused with the field's name") {
  Json json = sample().to_json();
  json.erase("seed");
  CHECK_THROWS_WITH(TrialDocument::from_json(json, "trial.json"), "trial.json: no field 'seed'");
  json = sample().to_json();
  json["threads"] = "two";
  CHECK_THROWS_WITH(TrialDocument::from_json(json, "trial.json"), "trial.json: field 'threads' is of the wrong type");
  json = sample().to_json();
  json["protocol"] = 2;
  CHECK_THROWS_WITH(TrialDocument::from_json(json, "trial.json"),
                    "trial.json: speaks trial protocol 2, this trainer speaks 1");
  CHECK_THROWS_AS(TrialDocument::from_json(Json::array(), "trial.json"), core::UserError);
}

TEST_CASE("a value that is not finite is never better") {
  const double nan = std::nan("");
  CHECK(better(Goal::kMinimize, 1, 2));
  CHECK(better(Goal::kMaximize, 2, 1));
  CHECK_FALSE(better(Goal::kMaximize, 1, 1));
  CHECK_FALSE(better(Goal::kMinimize, nan, 1));
  CHECK(better(Goal::kMinimize, 1, nan));
  CHECK_FALSE(better(Goal::kMaximize, HUGE_VAL, 1));
}

// The table of hyperparameters and the messages for what does not fit it.
#include "trainer/hyperparameters.h"

#include <set>

#include "tests/catch.h"
#include "tests/trainer/message.h"

using core::Json;

namespace {

std::string refused(const Json& config) {
  return message_of([&] { trainer::parse_hyperparameters(config); });
}

}  // namespace

TEST_CASE("an empty configuration takes every default of the table") {
  const trainer::Hyperparameters h = trainer::parse_hyperparameters(Json::object());
  CHECK(h.model == "mlp");
  CHECK(h.hidden == std::vector<int>{256, 128});
  CHECK(h.activation == kernels::Activation::kRelu);
  CHECK(h.optimizer.kind == kernels::Optimizer::kAdam);
  CHECK(h.learning_rate == 1e-3);
  CHECK(h.optimizer.epsilon == 1e-8f);
  CHECK(h.schedule == trainer::ScheduleKind::kCosine);
  CHECK(h.batch_size == 128);
  CHECK(h.epochs == 10);
  CHECK(h.validation_fraction == 0.1);
  CHECK(h.split == trainer::SplitKind::kRandom);
}

TEST_CASE("every default fits its own row, and every name stands once") {
  std::set<std::string_view> names;
  for (const trainer::Hyperparameter& row : trainer::hyperparameters()) {
    CHECK(names.insert(row.name).second);
    CHECK(!row.help.empty());
    const Json value = Json::parse(row.default_json);
    if (!value.is_null()) CHECK_NOTHROW(trainer::parse_hyperparameters({{std::string(row.name), value}}));
  }
}

TEST_CASE("values are taken in each form that means them") {
  const auto parse = [](const char* text) { return trainer::parse_hyperparameters(Json::parse(text)); };
  CHECK(parse(R"({"hidden": 64})").hidden == std::vector<int>{64});
  CHECK(parse(R"({"hidden": []})").hidden.empty());
  CHECK(parse(R"({"hidden": [8, 16.0]})").hidden == std::vector<int>{8, 16});
  CHECK(parse(R"({"batch_size": 64.0})").batch_size == 64);
  CHECK(parse(R"({"learning_rate": 1})").learning_rate == 1.0);
  CHECK(parse(R"({"optimizer": "adamw", "schedule": "constant", "init": "xavier", "activation": "gelu"})")
            .optimizer.kind == kernels::Optimizer::kAdamW);
  CHECK(parse(R"({"freeze": "head"})").freeze == std::vector<std::string>{"head"});
  CHECK(parse(R"({"freeze": ["head", "blocks.0"]})").freeze == std::vector<std::string>{"head", "blocks.0"});
  CHECK(parse(R"({"freeze": []})").freeze.empty());
  CHECK(trainer::complete_configuration({{"freeze", "head"}})["freeze"] == Json{"head"});
  CHECK_NOTHROW(parse(R"({"seed": 2147483647})"));
}

TEST_CASE("an optimizer has defaults of its own where others are usual, and a value that is given counts") {
  const auto parse = [](const char* text) { return trainer::parse_hyperparameters(Json::parse(text)).optimizer; };
  CHECK(parse(R"({"optimizer": "rmsprop"})").momentum == 0.0f);
  CHECK(parse(R"({"optimizer": "rmsprop"})").beta2 == 0.99f);
  CHECK(parse(R"({"optimizer": "lion"})").beta2 == 0.99f);
  CHECK(parse(R"({"optimizer": "lion", "beta2": 0.999})").beta2 == 0.999f);
  CHECK(parse(R"({"optimizer": "adamw"})").beta2 == 0.999f);
  CHECK(parse(R"({"optimizer": "sgd"})").momentum == 0.9f);
  CHECK(!parse("{}").nesterov);
  CHECK(parse(R"({"nesterov": true})").nesterov);
}

TEST_CASE("an unknown hyperparameter is answered with the nearest, or with all") {
  CHECK(refused({{"learnin_rate", 1}}) ==
        "config.learnin_rate: there is no such hyperparameter, did you mean 'learning_rate'?");
  CHECK(refused({{"colour", 1}}) ==
        "config.colour: there is no such hyperparameter, there are: model, hidden, activation, dropout, channels, "
        "kernel, stride, padding, pool, pool_size, batch_norm, dense, width, context, layers, heads, optimizer, "
        "learning_rate, momentum, nesterov, beta1, beta2, epsilon, weight_decay, clip_norm, schedule, warmup_epochs, "
        "step_size_epochs, step_gamma, cycle_momentum, momentum_min, momentum_max, loss, label_smoothing, batch_size, "
        "drop_last, epochs, patience, init, init_from, "
        "init_sha256, freeze, precision, validation_fraction, split, flip, shift, cutout, noise, top5, seed");
}

TEST_CASE("a value out of range or of the wrong type is refused with what is expected") {
  CHECK(refused({{"dropout", 1.0}}) == "config.dropout: 1.0 does not fit, expected a number from 0 to 0.99");
  CHECK(refused({{"epochs", 0}}) == "config.epochs: 0 does not fit, expected an integer from 1 to 100000");
  CHECK(refused({{"epochs", 2.5}}) == "config.epochs: 2.5 does not fit, expected an integer from 1 to 100000");
  CHECK(refused({{"epochs", "3"}}) == "config.epochs: \"3\" does not fit, expected an integer from 1 to 100000");
  CHECK(refused({{"epochs", true}}) == "config.epochs: true does not fit, expected an integer from 1 to 100000");
  CHECK(refused({{"epsilon", 0}}) == "config.epsilon: 0 does not fit, expected a number from 1e-20 to 1");
  CHECK(refused({{"learning_rate", std::numeric_limits<double>::quiet_NaN()}}) ==
        "config.learning_rate: {\"float\":\"nan\"} does not fit, expected a number from 0 to 1000");
  CHECK(refused({{"hidden", {64, 0}}}) ==
        "config.hidden: [64,0] does not fit, expected a list of at most 64 integers from 1 to 65536");
  CHECK(refused({{"optimizer", "adm"}}) == "config.optimizer: \"adm\" does not fit, did you mean 'adam'?");
  CHECK(refused({{"optimizer", "newton"}}) ==
        "config.optimizer: \"newton\" does not fit, expected one of sgd, adam, adamw, rmsprop, lion");
  CHECK(refused({{"nesterov", 1}}) == "config.nesterov: 1 does not fit, expected true or false");
  CHECK(refused({{"freeze", 3}}) == "config.freeze: 3 does not fit, expected a list of at most 64 texts");
  CHECK(refused({{"freeze", {"head", 3}}}) ==
        "config.freeze: [\"head\",3] does not fit, expected a list of at most 64 texts");
  CHECK(refused({{"freeze", std::vector<std::string>(65, "head")}}) ==
        "config.freeze: a list of 65 does not fit, expected a list of at most 64 texts");
  CHECK(refused(Json::array()) == "config: is not a JSON object");
}

TEST_CASE("sizes that no machine has are refused by their range, whatever type they are written in") {
  CHECK(refused({{"epochs", 1000000000000000000}}) ==
        "config.epochs: 1000000000000000000 does not fit, expected an integer from 1 to 100000");
  CHECK(refused({{"epochs", 1e18}}) == "config.epochs: 1e+18 does not fit, expected an integer from 1 to 100000");
  CHECK(refused({{"batch_size", UINT64_MAX}}) ==
        "config.batch_size: 18446744073709551615 does not fit, expected an integer from 1 to 65536");
  CHECK(refused({{"hidden", {2147483648, 2147483648}}}) ==
        "config.hidden: [2147483648,2147483648] does not fit, expected a list of at most 64 integers from 1 to 65536");
  CHECK(refused({{"hidden", std::vector<int>(5000, 8)}}) ==
        "config.hidden: a list of 5000 does not fit, expected a list of at most 64 integers from 1 to 65536");
}

TEST_CASE("all problems of a configuration are told at once") {
  CHECK(refused({{"epochs", 0}, {"dropot", 0.1}, {"batch_size", -1}}) ==
        "config.batch_size: -1 does not fit, expected an integer from 1 to 65536\n"
        "config.dropot: there is no such hyperparameter, did you mean 'dropout'?\n"
        "config.epochs: 0 does not fit, expected an integer from 1 to 100000");
}

TEST_CASE("the description holds a row for each hyperparameter, integers as integers") {
  const Json rows = trainer::describe_hyperparameters();
  REQUIRE(rows.size() == trainer::hyperparameters().size());
  const auto row = [&](std::string_view name) {
    for (const Json& each : rows)
      if (each["name"] == name) return each;
    return Json();
  };
  CHECK(core::canonical_json(row("batch_size")) ==
        R"({"default":128,"help":"samples a step; the last batch of an epoch may be smaller","max":65536,"min":1,)"
        R"("name":"batch_size","type":"integer"})");
  CHECK(row("optimizer")["choices"] == Json({"sgd", "adam", "adamw", "rmsprop", "lion"}));
  CHECK(row("hidden")["default"] == Json({256, 128}));
  CHECK(row("hidden")["max_items"] == 64);
  CHECK(core::canonical_json(row("freeze")).find(R"("max_items":64,"name":"freeze","type":"texts")") !=
        std::string::npos);
  CHECK(row("seed")["default"].is_null());
  CHECK(
      core::canonical_json(row("nesterov")) ==
      R"({"default":false,"help":"sgd: each step looks ahead along the momentum","name":"nesterov","type":"boolean"})");
  CHECK(trainer::hyperparameter_help().find("  learning_rate        a number from 0 to 1000 [0.001]\n") !=
        std::string::npos);
}

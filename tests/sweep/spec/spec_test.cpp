// What a good file says: types, defaults, forms, warnings, overrides.
#include "sweep/spec/spec.h"

#include <fmt/format.h>

#include <set>

#include "tests/catch.h"

using sweep::read_spec;
using sweep::Spec;

namespace {

Spec read(const std::string& text) { return read_spec(text, "sweep.json"); }

// A file with one parameter `p`, written so.
sweep::Distribution parameter(const std::string& object) {
  return read(R"({"method": "random", "run_cap": 1, "parameters": {"p": )" + object + "}}")
      .parameters.at(0)
      .distribution;
}

std::string warnings(const Spec& spec) {
  std::string text;
  for (const core::Problem& warning : spec.warnings) text += warning.text() + "\n";
  return text;
}

std::string refusal(const std::string& text, const sweep::SpecOverrides& overrides) {
  try {
    read_spec(text, "sweep.json", overrides);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("every key has its default") {
  const Spec spec = read(R"({"method": "grid", "parameters": {"epochs": {"values": [1, 2]}}})");
  CHECK(spec.method == sweep::Method::kGrid);
  CHECK(spec.seed == 0);
  CHECK(spec.name.empty());
  CHECK(spec.data.empty());
  CHECK_FALSE(spec.run_cap.has_value());
  CHECK(spec.device == sweep::Device::kAuto);
  CHECK(spec.numerics == sweep::Numerics::kPortable);
  CHECK(spec.resources.threads == 1);
  CHECK(spec.resources.slots_per_gpu == 1);
  CHECK(spec.warnings.empty());
  REQUIRE(spec.metric.has_value());
  CHECK(*spec.metric == protocol::Metric{"val_accuracy", protocol::Goal::kMaximize, protocol::Reduce::kBest});
}

TEST_CASE("without a metric a number to predict is ranked by its loss") {
  constexpr char kText[] =
      R"({"method": "grid", "data": {"path": "a.csv", "task": "regression"}, "parameters": {"epochs": {"value": 1}}})";
  const protocol::Metric loss{"val_loss", protocol::Goal::kMinimize, protocol::Reduce::kBest};
  CHECK(*read(kText).metric == loss);
  CHECK(*read(R"({"method": "grid", "data": "builtin:surface", "parameters": {"epochs": {"value": 1}}})").metric ==
        loss);
}

TEST_CASE("every key is read") {
  const Spec spec = read(R"({
    "name": "größe", "description": "d", "project": "p", "entity": null, "controller": {"type": "local"},
    "method": "random", "seed": 18446744073709551615, "run_cap": 5.0, "data": "fashion-mnist", "device": "cuda",
    "numerics": "portable", "resources": {"slots_per_gpu": 2, "threads": 4},
    "metric": {"name": "val_loss", "goal": "minimize", "reduce": "last", "impute": "worst"},
    "parameters": {"b": {"value": 1}, "a": {"value": 2}}})");
  CHECK(spec.name == "größe");
  CHECK(spec.method == sweep::Method::kRandom);
  CHECK(spec.seed == 18446744073709551615u);
  CHECK(spec.run_cap == 5);
  CHECK(spec.data == "fashion-mnist");
  CHECK(spec.device == sweep::Device::kCuda);
  CHECK(spec.resources.slots_per_gpu == 2);
  CHECK(spec.resources.threads == 4);
  CHECK(*spec.metric == protocol::Metric{"val_loss", protocol::Goal::kMinimize, protocol::Reduce::kLast});
  CHECK(spec.parameters.at(0).name == "a");
  CHECK(spec.parameters.at(1).name == "b");
  CHECK(spec.parameters.at(1).line == 6);
  CHECK(spec.parameters.at(1).column == 20);
  CHECK(spec.warnings.empty());
}

TEST_CASE("a trace is a word or a number of steps, and has no part in what determines the result") {
  const auto with = [](const std::string& trace) {
    return read(R"({"method": "grid", "trace": )" + trace + R"(, "parameters": {"epochs": {"values": [1, 2]}}})");
  };
  CHECK(with("\"step\"").trace == "step");
  CHECK(with("\"off\"").trace == "off");
  CHECK(with("10").trace == "10");
  CHECK(with("10").determining() == with("\"off\"").determining());
  CHECK_THROWS_AS(with("0"), core::UserError);
  CHECK_THROWS_AS(with("\"stp\""), core::UserError);
}

TEST_CASE("two integers as bounds are an integer range, anything else a uniform one") {
  CHECK(std::get<sweep::IntUniform>(parameter(R"({"min": -3, "max": 4})")).min == -3);
  CHECK(std::get<sweep::Continuous>(parameter(R"({"min": 1, "max": 4.0})")).second == 4.0);
  CHECK(std::get<sweep::Continuous>(parameter(R"({"min": 1.0, "max": 4})")).first == 1.0);
  CHECK(std::get<sweep::Continuous>(parameter(R"({"min": 1, "max": 4, "distribution": "uniform"})")).second == 4.0);
  CHECK(std::get<sweep::IntUniform>(parameter(R"({"min": 1.0, "max": 4, "distribution": "int_uniform"})")).max == 4);
  CHECK(std::get<sweep::Continuous>(parameter(R"({"min": 1, "max": 4, "distribution": "log_uniform_values"})")).first ==
        1);
}

TEST_CASE("bounds that differ beyond 53 bits are still in order") {
  const auto range = std::get<sweep::IntUniform>(parameter(R"({"min": 9007199254740992, "max": 9007199254740993})"));
  CHECK(range.max - range.min == 1);
}

TEST_CASE("values keep the type and the value that was written") {
  const auto values = std::get<sweep::Categorical>(parameter(
      R"({"values": [3, 3.0, -0.0, 1e2, "3", true, null, [1, 2.0], {"b": 1, "a": 2}, 18446744073709551615, "\u00e9\ud83d\ude00"]})"));
  CHECK(core::canonical_json(values.values) ==
        R"([3,3.0,-0.0,100.0,"3",true,null,[1,2.0],{"a":2,"b":1},18446744073709551615,"é😀"])");
  CHECK(std::get<sweep::Constant>(parameter(R"({"value": [64, 32]})")).value == core::Json({64, 32}));
  CHECK(std::get<sweep::Constant>(parameter(R"({"distribution": "constant", "value": null})")).value.is_null());
  CHECK(std::get<sweep::Categorical>(parameter(R"({"distribution": "categorical", "values": [1]})")).values.size() ==
        1);
}

TEST_CASE("a metric without a goal is minimized, and a warning says so") {
  const Spec spec = read(R"({"method": "grid", "metric": {"name": "val_loss"}, "parameters": {"a": {"value": 1}}})");
  CHECK(spec.metric->goal == protocol::Goal::kMinimize);
  CHECK(warnings(spec) ==
        "sweep.json:1:20: the metric has no 'goal', it is minimized\n"
        R"(  {"method": "grid", "metric": {"name": "val_loss"}, "parameters": {"a": {"value": 1}}})"
        "\n                     ^\n");
}

TEST_CASE("accuracy and loss are accepted for what the built-in trainer calls val_accuracy and val_loss, with a note") {
  for (const std::string name : {"accuracy", "loss"}) {
    const Spec spec = read(fmt::format(
        R"({{"method": "grid", "metric": {{"name": "{}", "goal": "maximize"}}, "parameters": {{"a": {{"value": 1}}}}}})",
        name));
    CHECK(spec.metric->name == "val_" + name);
    REQUIRE(spec.warnings.size() == 1);
    CHECK(spec.warnings[0].problem == fmt::format("the metric '{0}' is read as 'val_{0}'", name));
  }
}

TEST_CASE("random without a run_cap says how many trials it draws") {
  const Spec spec = read(R"({"method": "random", "parameters": {"a": {"min": 0.0, "max": 1}}})");
  REQUIRE(spec.warnings.size() == 1);
  CHECK(spec.warnings[0].problem == "the key 'run_cap' is missing");
  CHECK(spec.warnings[0].remedy == "so random draws 20 trials");
}

TEST_CASE("a foreign top-level key is a warning and is ignored") {
  const Spec spec = read(R"({"method": "grid", "launch_settings": {}, "parameters": {"a": {"value": 1}}})");
  REQUIRE(spec.warnings.size() == 1);
  CHECK(spec.warnings[0].problem == "unknown key 'launch_settings'");
  CHECK(spec.warnings[0].remedy == "it is ignored");
}

TEST_CASE("an unusual parameter name is a warning, dots and dashes are not unusual") {
  const Spec spec =
      read(R"({"method": "grid", "parameters": {"a.b-c_1": {"value": 1}, "größe": {"value": 1}, "2x": {"value": 1}}})");
  REQUIRE(spec.warnings.size() == 2);
  CHECK(spec.warnings[0].problem == "the parameter name 'größe' is unusual");
  CHECK(spec.warnings[1].problem == "the parameter name '2x' is unusual");
}

TEST_CASE("a flag above the file counts as if it stood there") {
  const std::string grid = R"({"method": "grid", "seed": 3, "run_cap": 4, "parameters": {"a": {"values": [1, 2]}}})";
  const Spec spec = read_spec(
      grid, "sweep.json", {.method = sweep::Method::kRandom, .seed = 9, .run_cap = 7, .device = sweep::Device::kCpu});
  CHECK(spec.method == sweep::Method::kRandom);
  CHECK(spec.seed == 9);
  CHECK(spec.run_cap == 7);
  CHECK(spec.device == sweep::Device::kCpu);
}

TEST_CASE("a flag is checked together with the file") {
  const std::string text = R"({"method": "bayes", "parameters": {"a": {"min": 0.0, "max": 1.0}}})";
  CHECK(refusal(text, {.method = sweep::Method::kRandom}).empty());
  CHECK(refusal(text, {.method = sweep::Method::kGrid})
            .starts_with("sweep.json:1:36: a grid cannot enumerate 'a' (uniform)"));
}

TEST_CASE("the words of flags are read with suggestions") {
  CHECK(sweep::read_method("random", "--method") == sweep::Method::kRandom);
  CHECK(sweep::read_device("cuda", "--device") == sweep::Device::kCuda);
  CHECK_THROWS_WITH(sweep::read_method("rnadom", "--method"),
                    "--method: unknown word 'rnadom', did you mean 'random'?");
  CHECK_THROWS_WITH(sweep::read_device("tpu", "--device"), "--device: unknown word 'tpu', did you mean 'cpu'?");
}

TEST_CASE("what determines a sweep is the same however it is spelt") {
  const auto determining = [](const std::string& text) { return core::canonical_json(read(text).determining()); };
  const std::string one =
      determining(R"({"method": "random", "parameters": {"b": {"min": 1, "max": 3}, "a": {"value": 1}}, "name": "x"})");
  const std::string other = determining(
      R"({"parameters": {"a": {"distribution": "constant", "value": 1}, "b": {"max": 3, "min": 1, "distribution": "int_uniform"}},
          "run_cap": 20, "seed": 0, "method": "random", "metric": {"name": "val_accuracy", "goal": "maximize"}, "device": "cpu"})");
  CHECK(one == other);
  CHECK(one ==
        R"({"method":"random","metric":{"goal":"maximize","name":"val_accuracy","reduce":"best"},"order":"written",)"
        R"("parameters":{"a":{"value":1},"b":{"distribution":"int_uniform","max":3,"min":1}},)"
        R"("program":null,"repeats":1,"run_cap":20,"seed":0,"target":null})");
}

TEST_CASE("a long list on one line is read in a moment") {
  std::string text = R"({"method": "grid", "parameters": {"a": {"values": [0)";
  for (int i = 1; i < 100'000; ++i) text += ", " + std::to_string(i);
  const Spec spec = read(text + "]}}}");
  CHECK(std::get<sweep::Categorical>(spec.parameters.at(0).distribution).values.size() == 100'000);
}

TEST_CASE("the keys beyond the first sweep are read") {
  const Spec spec = read(R"({"method": "grid", "order": "shuffled", "repeats": 3.0, "inputs": ["a.csv", "b"],
    "metric": {"name": "val_loss", "goal": "minimize", "target": 0.25}, 
    "keep": {"last": "none", "best": 0, "epochs": 3, "name": "{epoch:02d}-{val_loss:.3f}"},
    "parameters": {"epochs": {"values": [1, 2]}}})");
  CHECK(spec.order == sweep::GridOrder::kShuffled);
  CHECK(spec.repeats == 3);
  CHECK(spec.inputs == std::vector<std::string>{"a.csv", "b"});
  CHECK(spec.target == 0.25);
  CHECK(spec.keep.last == sweep::Keep::Last::kNone);
  CHECK(spec.keep.best == 0);
  CHECK(spec.keep.epochs == 3);
  CHECK(spec.keep.name == "{epoch:02d}-{val_loss:.3f}");
  CHECK_FALSE(spec.program.has_value());
  CHECK(spec.warnings.empty());
}

TEST_CASE("what a trial may take is read, and without a word each limit is what it always was") {
  const sweep::Resources given =
      read(R"({"method": "grid", "parameters": {"epochs": {"value": 1}}, "resources": {"timeout_s": 1.5,
        "stall_timeout_s": 60, "grace_s": 0, "retries": 0, "max_failures": 2.0, "memory_mb": 512}})")
          .resources;
  CHECK(given.timeout_s == 1.5);
  CHECK(given.stall_timeout_s == 60.0);
  CHECK(given.grace_s == 0.0);
  CHECK(given.retries == 0);
  CHECK(given.max_failures == 2u);
  CHECK(given.memory_mb == 512u);
  const sweep::Resources usual = read(R"({"method": "grid", "parameters": {"epochs": {"value": 1}}})").resources;
  CHECK((!usual.timeout_s && !usual.stall_timeout_s && !usual.max_failures && !usual.memory_mb));
  CHECK(usual.grace_s == 10.0);
  CHECK(usual.retries == 1);
}

TEST_CASE("nested parameters become dotted names that remember their path") {
  const Spec spec = read(R"({"method": "grid", "program": "t.py", "parameters": {
    "z": {"parameters": {"y": {"parameters": {"x": {"value": 1}}}, "a.b": {"values": [1, 2]}}}, "a.b": {"value": 3}}})");
  REQUIRE(spec.parameters.size() == 3);
  CHECK(spec.parameters[0].name == "a.b");
  CHECK(spec.parameters[0].path.empty());
  CHECK(spec.parameters[1].name == "z.a.b");
  CHECK(spec.parameters[1].path == std::vector<std::string>{"z", "a.b"});
  CHECK(spec.parameters[2].name == "z.y.x");
  CHECK(spec.parameters[2].path == std::vector<std::string>{"z", "y", "x"});
  CHECK(spec.parameters[2].line == 2);
}

TEST_CASE("a parameter named seed goes with one repeat, and a nested one is no training seed") {
  const auto with = [](const std::string& rest) { return R"({"method": "grid", "program": "t.py", )" + rest + "}"; };
  CHECK_NOTHROW(read(with(R"("repeats": 1, "parameters": {"seed": {"min": 0, "max": 2147483647}})")));
  CHECK_NOTHROW(read(with(R"("repeats": 3, "parameters": {"a": {"parameters": {"seed": {"value": "x"}}}})")));
  CHECK_THROWS(read(with(R"("repeats": 2, "parameters": {"seed": {"value": 1}})")));
  CHECK_THROWS(read(with(R"("parameters": {"seed": {"values": [1.0]}})")));
}

TEST_CASE("early termination is an error, and a warning where a flag says that it is ignored") {
  const std::string text = R"({"method": "grid", "early_terminate": {"type": "hyperband", "min_iter": 3},
    "parameters": {"epochs": {"value": 1}}})";
  CHECK(refusal(text, {}).starts_with("sweep.json:1:20: the key 'early_terminate' is not supported yet, remove it"));
  const Spec spec = read_spec(text, "sweep.json", {.ignore_early_terminate = true});
  REQUIRE(spec.warnings.size() == 1);
  CHECK(spec.warnings[0].problem == "the key 'early_terminate' is ignored");
  CHECK_FALSE(
      refusal(R"({"method": "grid", "early_terminate": {"type": "median"}, "parameters": {"epochs": {"value": 1}}})",
              {.ignore_early_terminate = true})
          .empty());
}

TEST_CASE("the order of a grid is a warning where a flag turns the grid into a random search") {
  const std::string text =
      R"({"method": "grid", "order": "shuffled", "run_cap": 1, "parameters": {"epochs": {"value": 1}}})";
  const Spec spec = read_spec(text, "sweep.json", {.method = sweep::Method::kRandom});
  REQUIRE(spec.warnings.size() == 1);
  CHECK(spec.warnings[0].problem == "'order' is that of a grid");
  CHECK(spec.order == sweep::GridOrder::kWritten);
}

TEST_CASE("what determines a sweep is the same in JSON and in YAML") {
  const std::string json = R"({"method": "random", "run_cap": 3, "program": "t.py", "name": "one",
    "metric": {"name": "x", "goal": "minimize", "target": 1},
    "parameters": {"a": {"parameters": {"b": {"distribution": "q_normal", "q": 2}}},
                   "c": {"values": [1, 2.0, "x", null], "probabilities": [0.25, 0.25, 0.25, 0.25]},
                   "d": {"distribution": "uniform", "min": 0, "max": 1}}})";
  const std::string yaml = R"(# another name, another spelling
name: other
parameters:
  d: {max: 1.0, min: 0.0}
  c:
    distribution: categorical_w_probabilities
    values: [1, 2.0, x, ~]
    probabilities: [.25, 25e-2, 0.25, 0.250]
  a:
    parameters:
      b: {distribution: q_normal, mu: 0, sigma: 1.0, q: 0x2}
metric: {target: 1.0, goal: minimize, name: x, reduce: best}
command: ['${env}', '${interpreter}', '${program}', '${args}']
program: t.py
method: random
repeats: 1
seed: 0
run_cap: 3
resources: {threads: 4}
keep: {best: 3}
)";
  CHECK(core::canonical_json(read(json).determining()) ==
        core::canonical_json(read_spec(yaml, "sweep.yaml").determining()));
}

TEST_CASE("everything that decides a result changes what determines the sweep") {
  const auto determining = [](const std::string& text) {
    return core::canonical_json(read_spec(text, "sweep.yaml").determining());
  };
  const std::string base = "method: random\nrun_cap: 3\nprogram: t.py\n";
  const std::string tail = "parameters: {a: {distribution: q_uniform, min: 0, max: 9, q: 2}}\n";
  std::vector<std::string> files = {
      base + tail,
      base + "repeats: 2\n" + tail,
      base + "seed: 1\n" + tail,
      base + "metric: {name: x, goal: minimize}\n" + tail,
      base + "metric: {name: x, goal: minimize, target: 1}\n" + tail,
      base + "metric: {name: x, goal: minimize, reduce: last}\n" + tail,
      base + "read_metrics: {format: json}\n" + tail,
      base + "read_metrics: {format: json, step: e}\n" + tail,
      base + "read_metrics: {format: regex, pattern: '(?<x>a)'}\n" + tail,
      base + "templates: {a: b}\n" + tail,
      base + "compat: wandb\n" + tail,
      base + "parameters: {a: {distribution: q_uniform, min: 0, max: 9, q: 2.0}}\n",
      base + "parameters: {a: {distribution: q_uniform, min: 0, max: 9, q: 3}}\n",
      base + "parameters: {a: {distribution: uniform, min: 0, max: 9}}\n",
      base + "parameters: {a: {values: [1, 2]}}\n",
      base + "parameters: {a: {values: [1, 2], probabilities: [0.5, 0.5]}}\n",
      base + "parameters: {a.b: {value: 1}}\n",
      base + "parameters: {a: {parameters: {b: {value: 1}}}}\n",
      "method: grid\nprogram: t.py\nrun_cap: 3\n" + tail,
      "method: grid\nprogram: t.py\nrun_cap: 3\norder: shuffled\n" + tail,
      "method: random\nrun_cap: 3\nparameters: {a: {distribution: q_uniform, min: 0, max: 9, q: 2}}\n",
  };
  std::set<std::string> different;
  for (const std::string& file : files) different.insert(determining(file));
  CHECK(different.size() == files.size());
}

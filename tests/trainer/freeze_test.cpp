// Tensors that a training leaves as they are: those that `freeze` names, of every model.
#include <algorithm>
#include <cmath>

#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/message.h"
#include "tests/trainer/small_models.h"

namespace {

/// Of each model: all of the layer that comes first, one gain of a normalisation where there is one, the last bias.
std::vector<std::string> some_frozen(const trainer::Network& network) {
  const std::vector<trainer::Parameter>& all = network.parameters();
  std::vector<std::string> frozen = {all.front().name.substr(0, all.front().name.rfind('.')), all.back().name};
  const auto gain = std::find_if(all.begin(), all.end(),
                                 [](const auto& p) { return p.name.find("norm.weight") != std::string::npos; });
  if (gain != all.end()) frozen.push_back(gain->name);
  return frozen;
}

/// A training with decay and clipping, where all of a gradient counts.
Bench frozen_bench(const SmallModel& model) {
  Bench bench = model.bench();
  Bench other = model.bench();
  bench.config["freeze"] = some_frozen(other.start().network());
  bench.config.update({{"weight_decay", 0.1}, {"clip_norm", 0.3}});
  return bench;
}

}  // namespace

TEST_CASE("a frozen tensor of any model has no gradient and never moves, by decay neither, and the others move") {
  for (const SmallModel& model : small_models()) {
    Bench bench = frozen_bench(model);
    trainer::Training& training = bench.start();
    const auto before = tensors_of(training.network());
    training.run();
    const auto after = tensors_of(training.network());
    const std::vector<trainer::Parameter>& parameters = training.network().parameters();
    const Told told = bench.told();
    std::size_t frozen = 0, trained = 0;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      INFO(model.name << ", " << parameters[i].name);
      CHECK((before[i] == after[i]) == !parameters[i].is_trained());
      if (parameters[i].is_trained())
        trained += parameters[i].value.size();
      else
        ++frozen;
      for (const auto& [step, prints] : told.fingerprints)
        if (!parameters[i].is_trained()) CHECK(prints[i] == told.fingerprints.at(1)[i]);
    }
    CHECK(frozen >= 2);
    CHECK(training.trained_count() == trained);
    CHECK(training.trained_count() < training.weight_count());
  }
}

TEST_CASE("what is not frozen moves in the first step as it does in a training that freezes nothing") {
  for (const SmallModel& model : small_models()) {
    Bench frozen = frozen_bench(model), free = model.bench();
    free.config["weight_decay"] = 0.1;
    frozen.config.erase("clip_norm");
    frozen.stop_after = free.stop_after = 1;
    frozen.start().run();
    free.start().run();
    const std::vector<trainer::Parameter>& parameters = frozen.training->network().parameters();
    const auto of_frozen = tensors_of(frozen.training->network()), of_free = tensors_of(free.training->network());
    for (std::size_t i = 0; i < of_free.size(); ++i) {
      const bool is_free = i >= parameters.size() || parameters[i].is_trained();
      INFO(model.name << ", tensor " << i);
      CHECK((of_frozen[i] == of_free[i]) == is_free);
    }
  }
}

TEST_CASE("frozen gradients are no part of the norm that clips") {
  Bench bench = small_models()[0].bench();
  bench.config.update({{"freeze", {"layers.0", "layers.1"}},
                       {"optimizer", "sgd"},
                       {"momentum", 0.0},
                       {"schedule", "constant"},
                       {"learning_rate", 1.0},
                       {"clip_norm", 0.001}});
  bench.stop_after = 1;
  trainer::Training& training = bench.start();
  const auto before = tensors_of(training.network());
  training.run();
  const auto after = tensors_of(training.network());
  double squares = 0;
  for (std::size_t i = 0; i < before.size(); ++i)
    for (std::size_t e = 0; e < before[i].size(); ++e) {
      const double moved = static_cast<double>(after[i][e]) - static_cast<double>(before[i][e]);
      squares += moved * moved;
    }
  CHECK(std::sqrt(squares) == Approx(0.001).epsilon(0.001));
}

TEST_CASE("every model with frozen tensors goes on from a checkpoint, and from given weights, as it should") {
  for (const SmallModel& model : small_models()) {
    Bench uninterrupted = frozen_bench(model);
    uninterrupted.start().run();
    const Told whole = uninterrupted.told();
    const TemporaryFolder folder;
    Bench first = frozen_bench(model), second = frozen_bench(model);
    first.folder = second.folder = folder.path();
    first.stop_after = 3;
    INFO(model.name);
    REQUIRE(first.start().run() == trainer::Ending::kInterrupted);
    second.start(first.newest("last")).run();
    Told both = first.told();
    for (const protocol::Event& event : second.events) both.add(event);
    CHECK(both == whole);

    Bench tuned = frozen_bench(model);
    trainer::Training& training = tuned.start();
    trainer::NamedTensor given;
    given.name = training.network().parameters().front().name;
    for (const int side : training.network().parameters().front().shape)
      given.shape.push_back(static_cast<std::uint64_t>(side));
    given.values.assign(training.network().parameters().front().value.size(), 0.125f);
    CHECK(training.adopt({given}) == 1);
    training.run();
    CHECK(tensors_of(training.network()).front() == given.values);
  }
}

TEST_CASE("a name to freeze that no layer has is answered with the nearest, and something is left to train") {
  const auto refused = [](std::size_t model, const core::Json& freeze) {
    Bench bench = small_models()[model].bench();
    bench.config["freeze"] = freeze;
    return message_of([&] { bench.start(); });
  };
  CHECK(refused(1, {"block.0", "dense.1.wight", "blocks"}) ==
        "config.freeze: there is no layer and no trained tensor 'block.0', did you mean 'blocks.0'?\n"
        "config.freeze: there is no layer and no trained tensor 'dense.1.wight', did you mean 'dense.1.weight'?");
  CHECK(
      refused(1, "blocks.0.norm.running_mean") ==
      "config.freeze: there is no layer and no trained tensor 'blocks.0.norm.running_mean', there are: blocks, dense");
  CHECK(refused(5, {"embed"}) ==
        "config.freeze: there is no layer and no trained tensor 'embed', there are: embedding, blocks, norm, head");
  CHECK(refused(0, {"layers"}) == "config.freeze: leaves nothing to train, leave out a layer");
  CHECK(refused(0, {"layers.0.weight", ""}).find("'', there are: layers") != std::string::npos);
}

TEST_CASE("to freeze the second layer freezes no eleventh one, though its name begins alike") {
  Bench bench = small_models()[0].bench();
  bench.config["hidden"] = std::vector<int>(10, 3);
  bench.config["freeze"] = {"layers.1"};
  for (const trainer::Parameter& parameter : bench.start().network().parameters()) {
    INFO(parameter.name);
    CHECK(parameter.is_trained() == !parameter.name.starts_with("layers.1."));
  }
}

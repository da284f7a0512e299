// Every way in which a trainer may go wrong, one after another: a saboteur makes the record, the honest trainer replays
// it. Each is called different at the right step; --locate proves what was done, or --against names the tensor and the
// element. The table of the results stands in docs/locating.md, and is held against it here.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "core/files.h"
#include "core/json.h"
#include "tests/catch.h"
#include "tests/sweep/commands/program.h"

using core::Json;

namespace {

constexpr int kSide = 6, kSamples = 60, kClasses = 3;

// What was done, and what is expected of the replay.
struct Way {
  const char* name;    // of SABOTEUR
  const char* what;    // for the table
  Json config;         // beside the usual
  int step;            // where the first difference is
  const char* proof;   // what --locate says is proven; empty where only the programs can tell
  const char* tensor;  // that --against names
};

Json mlp(const Json& more = Json::object()) {
  Json config = {{"hidden", {4}}, {"batch_size", 8}, {"epochs", 3}, {"learning_rate", 0.01}};
  config.update(more);
  return config;
}

Json cnn() { return mlp({{"model", "cnn"}, {"channels", {4}}, {"dense", {4}}}); }

std::vector<Way> ways() {
  return {
      {"seed", "the seed is one more", mlp(), 1, "seed", "before.layers.0.weight"},
      {"swap", "two samples of a batch change places at step 5", mlp(), 5, "batch", "batch.indices"},
      {"flip", "the lowest bit of a weight is flipped at step 6", mlp(), 6, "bit flip", "update.layers.0.weight"},
      {"sum", "a sum down the columns goes from the last row to the first", mlp(), 1, "sum order",
       "gradient.layers.1.bias"},
      {"contraction", "products and sums are contracted in one file of the kernels", cnn(), 2, "contraction",
       "forward.blocks.0.norm.batch_norm.inverse_deviation"},
      {"flush", "denormals are flushed to zero in the optimizer", mlp({{"optimizer", "sgd"}, {"learning_rate", 1e-36}}),
       1, "denormals", "update.layers.0.bias"},
      {"rate", "the learning rate is one ulp more", mlp(), 1, "learning rate", "update.layers.0.weight"},
      {"epochs", "the schedule is of one epoch more", mlp(), 2, "epochs", "update.rates"},
      {"byte", "one byte of one image is another one", mlp(), 4, "data value", "batch.samples"},
      {"normalisation", "the deviation of the normalisation is one ulp more", mlp(), 1, "normalisation",
       "batch.samples"},
      {"dropout", "the mask of a dropout is drawn for another purpose", mlp({{"dropout", 0.25}}), 1, "dropout",
       "forward.layers.0.dropout"},
      {"statistics", "batch norm takes the statistics of the batch before", cnn(), 2, "batch norm",
       "forward.blocks.0.norm.batch_norm.mean"},
      {"loss", "one loss is one ulp more, and nothing follows from it but a metric", mlp(), 7, "", "loss.loss"},
  };
}

std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  return bytes;
}

// Images with a stripe that says the class, under a pattern of other bytes.
void write_images(const Workplace& place) {
  std::string pixels, labels;
  for (int i = 0; i < kSamples; ++i) {
    labels += static_cast<char>(i % kClasses);
    for (int p = 0; p < kSide * kSide; ++p)
      pixels += static_cast<char>(p / (2 * kSide) == i % kClasses ? 200 : (i * 37 + p * p * 11) % 150);
  }
  std::filesystem::create_directories(place.path() / "images");
  place.write("images/train-images-idx3-ubyte",
              big_endian(0x803) + big_endian(kSamples) + big_endian(kSide) + big_endian(kSide) + pixels);
  place.write("images/train-labels-idx1-ubyte", big_endian(0x801) + big_endian(kSamples) + labels);
}

void write_sweep(const Workplace& place, const Way& way) {
  Json parameters = Json::object();
  for (const auto& [name, value] : way.config.items()) parameters[name] = {{"value", value}};
  place.write("sweep.json", core::canonical_json(Json{{"name", way.name},
                                                      {"method", "grid"},
                                                      {"metric", {{"name", "train_loss"}, {"goal", "minimize"}}},
                                                      {"data", "images"},
                                                      {"device", "cpu"},
                                                      {"parameters", parameters}}));
}

Json answer(const Said& said) {
  INFO(said.err);
  REQUIRE(said.code == 3);
  return core::parse_json(said.out, "answer");
}

// One row of the table: made by the saboteur, replayed by the honest trainer.
std::string row_of(const Way& way) {
  INFO(way.name);
  const Workplace place;
  write_images(place);
  write_sweep(place, way);
  const std::string saboteur = fmt::format("SABOTEUR={} SWEEP_TRAINER={}", way.name, SABOTEUR_TRAINER);
  const Said ran = place.sweep("run sweep.json", saboteur);
  INFO(ran.err);
  REQUIRE(ran.code == 0);

  // The kept trainer is the saboteur: it repeats what it did, and no replay with it can tell.
  CHECK(place.sweep("replay '#0'", saboteur).code == 0);

  const std::string honest = std::string(" --json --trainer ") + HONEST_TRAINER;
  const Json replayed = answer(place.sweep("replay '#0' --locate" + honest, saboteur));
  CHECK(replayed["verdict"] == "different");
  CHECK(replayed["differences"][0]["step"] == way.step);
  const Json& located = replayed["located"];
  const std::string proof = located.contains("proven") && !located["proven"].empty()
                                ? located["proven"][0]["kind"].get<std::string>()
                                : std::string();
  CHECK(proof == way.proof);
  INFO(core::canonical_json(located));
  CHECK((proof.empty() || located["step"] == way.step));

  const Json against =
      answer(place.sweep(std::string("replay '#0' --json --against ") + HONEST_TRAINER, saboteur))["against"];
  const Json& parting = against["parting"];
  INFO(core::canonical_json(parting));
  CHECK(parting["tensor"] == way.tensor);
  CHECK((parting["step"] <= way.step));
  const std::string what = proof.empty() ? located.value("unavailable", "")
                                         : located["proven"][0]["text"].get<std::string>() + ", " +
                                               located["proven"][0]["scope"].get<std::string>();
  return fmt::format("| {} | {} | {} | {}, element {}{} |\n", way.what, way.step, what,
                     parting["tensor"].get<std::string>(), parting["element"].get<std::uint64_t>(),
                     parting["ulp"].is_null() ? "" : fmt::format(", {} ulp", parting["ulp"].get<std::uint64_t>()));
}

}  // namespace

TEST_CASE("each way to sabotage a trainer is found at its step, and explained or shown by its first tensor") {
  std::string table =
      "| what the saboteur does | first different step | what `--locate` says | where `--against` sees it first |\n"
      "|---|---|---|---|\n";
  for (const Way& way : ways()) {
#ifdef __SANITIZE_ADDRESS__
    if (std::string_view(way.name) == "contraction") continue;  // what looks at each operation leaves none to contract
#endif
    table += row_of(way);
  }
  std::printf("%s", table.c_str());
#ifdef __SANITIZE_ADDRESS__
  return;  // the table lacks a row
#endif
  const std::string documented = core::read_file(std::string(SWEEP_SOURCE_DIR) + "/docs/locating.md");
  CHECK(documented.find(table) != std::string::npos);
}

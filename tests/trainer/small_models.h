// A small network of every model and data for it, as trainings of a second: what tests/trainer/*models_test.cpp share.
#pragma once

#include <string>
#include <vector>

#include "tests/trainer/training_bench.h"

/// Images of 6×6 pixels with two channels: in each class another stripe is bright, under noise.
inline trainer::Dataset striped_images() {
  constexpr int kSide = 6, kClasses = 3;
  const auto make = [](std::uint32_t part, std::uint32_t count) {
    trainer::Samples samples;
    samples.features = kSide * kSide * 2;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto label = static_cast<std::int32_t>(i % kClasses);
      for (std::uint32_t f = 0; f < static_cast<std::uint32_t>(samples.features); ++f) {
        const core::Philox4 bits = core::random_bits(11, core::Purpose::kNoise, part, i, f);
        const bool bright = static_cast<int>(f) / (kSide * 2) == 2 * label;
        samples.values.push_back(core::uniform_float(bits.word[0]) + (bright ? 0.75f : 0.0f));
      }
      samples.labels.push_back(label);
    }
    return samples;
  };
  trainer::Dataset data;
  data.train = make(0, 60);
  data.test = make(1, 15);
  data.classes = kClasses;
  data.image = true;
  data.height = data.width = kSide;
  data.channels = 2;
  return data;
}

/// `count` words, each one of four at random, in a vocabulary of five characters, cut into windows.
inline trainer::Dataset words(std::uint32_t count = 120, int context = 8) {
  trainer::Dataset data;
  data.task = trainer::Task::kText;
  data.classes = 5;
  data.vocabulary = {U' ', U'a', U'b', U'c', U'd'};
  const std::vector<std::vector<std::int32_t>> all = {{1, 2, 3, 0}, {4, 4, 2, 0}, {3, 1, 0}, {2, 1, 4, 1, 0}};
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto& word = all[core::random_bits(12, core::Purpose::kNoise, 0, i, 0).word[0] % all.size()];
    data.train.tokens.insert(data.train.tokens.end(), word.begin(), word.end());
  }
  trainer::set_context(data, context, "test");
  return data;
}

/// SHA-256 of the weights at the end of each training below: what portable-1 is, in the words of whole trainings.
inline constexpr char kMlpDigest[] = "a6d5947d1a525ecba1c36f41f2c59abf612ebf9a5a45d2898e6bfa90280b5ec4";
inline constexpr char kCnnDigest[] = "19811524d7681a50b96d68208d5663aa01cce0f49f809db9e227bed616fc77e0";
inline constexpr char kPlainCnnDigest[] = "b9a08b231f9c08b1318e3d05cd19105e817083bc13601e32522a9dbd621d9d7f";
inline constexpr char kAverageCnnDigest[] = "afccc8b4b74a85cb96165c1fdd4ca2c558b435ca617fc58e08350cd4f6a4ed52";
inline constexpr char kResnetDigest[] = "a17d0fddfc60ff70443a58140b04829e3e828d5f417267184cb7401e2b72d34a";
inline constexpr char kTransformerDigest[] = "23a189169406dcaac477a9bd6fbca53d54cadeb64f7ee313c2e8f7ba8fe89204";

/// Of a bench whose training is over.
inline std::string final_weights(const Bench& bench) {
  return std::get<protocol::Finished>(bench.events.back().body).weights_sha256;
}

struct SmallModel {
  std::string name;
  core::Json config;
  trainer::Dataset dataset;
  const char* weights_sha256;  ///< after its training

  Bench bench() const {
    Bench bench;
    bench.dataset = dataset;
    bench.config = config;
    return bench;
  }
};

inline std::vector<SmallModel> small_models() {
  const auto with = [](core::Json config, const core::Json& more) {
    config.update(more);
    return config;
  };
  const core::Json common = {{"batch_size", 12}, {"epochs", 2}, {"learning_rate", 0.01}, {"validation_fraction", 0.2}};
  return {
      {"mlp", with(common, {{"hidden", {9, 7}}, {"dropout", 0.25}}), striped_images(), kMlpDigest},
      {"cnn", with(common, {{"model", "cnn"}, {"channels", {4, 5}}, {"dense", {8}}, {"dropout", 0.1}}),
       striped_images(), kCnnDigest},
      {"cnn without batch norm",
       with(common, {{"model", "cnn"},
                     {"channels", {4, 5}},
                     {"dense", 8},
                     {"batch_norm", false},
                     {"kernel", {3, 2}},
                     {"stride", {2, 1}},
                     {"padding", "valid"},
                     {"pool", "none"},
                     {"activation", "tanh"}}),
       striped_images(), kPlainCnnDigest},
      {"cnn with average pooling",
       with(common, {{"model", "cnn"},
                     {"channels", 6},
                     {"dense", core::Json::array()},
                     {"pool", "average"},
                     {"activation", "gelu"},
                     {"pool_size", 3}}),
       striped_images(), kAverageCnnDigest},
      {"resnet", with(common, {{"model", "resnet"}, {"width", 3}, {"dropout", 0.1}}), striped_images(), kResnetDigest},
      {"transformer",
       with(common,
            {{"model", "transformer"}, {"layers", 2}, {"heads", 2}, {"width", 8}, {"context", 8}, {"dropout", 0.1}}),
       words(), kTransformerDigest},
  };
}

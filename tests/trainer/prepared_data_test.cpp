// What of a data set lies on the device, in which order and shape.
#include "trainer/training/prepared_data.h"

#include "core/permutation.h"
#include "tests/catch.h"
#include "trainer/data/normalise.h"
#include "trainer/data/split.h"

namespace {

class Device {
 public:
  trainer::PreparedData prepare(const trainer::Dataset& data, trainer::Holdout holdout, std::uint64_t seed = 1,
                                trainer::PreparedData before = {}) {
    return trainer::prepare_data(data, holdout, seed, kernels::cpu_backend(), *context_, std::move(before));
  }
  /// All samples of a part, as an evaluation reads them.
  std::vector<float> samples(const trainer::PreparedData& data, const trainer::DevicePart& part) {
    kernels::Buffer<float> scratch;
    const float* const first =
        trainer::samples_from(kernels::cpu_backend(), *context_, data, part, 0, static_cast<int>(part.count), scratch);
    return {first, first + part.count * static_cast<std::size_t>(data.features)};
  }
  /// Those that a batch takes.
  std::vector<float> gathered(const trainer::PreparedData& data, const trainer::DevicePart& part,
                              const std::vector<std::uint32_t>& indices) {
    std::vector<float> out(indices.size() * static_cast<std::size_t>(data.features));
    trainer::gather_samples(kernels::cpu_backend(), *context_, data, part, out.data(), indices.data(),
                            static_cast<int>(indices.size()));
    return out;
  }
  void unfold(trainer::PreparedData& data) { trainer::unfold(kernels::cpu_backend(), *context_, data, data.train); }
  template <class T>
  std::vector<T> read(const kernels::Buffer<T>& buffer) {
    std::vector<T> values(buffer.size());
    kernels::cpu_backend().copy_to_host(*context_, values.data(), buffer.data(), values.size() * sizeof(T));
    return values;
  }

 private:
  std::unique_ptr<kernels::Context> context_ = kernels::make_cpu_context(1);
};

using Tokens = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("a text's windows lie side by side, each with its labels one token further on") {
  trainer::Dataset data;
  data.task = trainer::Task::kText;
  data.classes = 10;
  data.train.tokens = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  data.test.emplace().tokens = {9, 8, 7, 6};
  trainer::set_context(data, 3, "text");
  Device device;
  const trainer::PreparedData prepared = device.prepare(data, {0.4, trainer::SplitKind::kTail});
  CHECK(prepared.train.count == 2);
  CHECK(device.read(prepared.train.tokens) == Tokens{0, 1, 2, 3, 4, 5});
  CHECK(device.read(prepared.train.labels) == Tokens{1, 2, 3, 4, 5, 6});
  CHECK(device.read(prepared.validation.tokens) == Tokens{6, 7, 8});
  CHECK(device.read(prepared.validation.labels) == Tokens{7, 8, 9});
  CHECK(device.read(prepared.test.labels) == Tokens{8, 7, 6});
  CHECK(prepared.train.x.size() == 0);
  CHECK(prepared.normalisation_sha256.empty());
}

TEST_CASE("shuffled or held out, a sample keeps its label") {
  trainer::Dataset data;
  data.classes = 3;
  data.train.features = 1;
  for (int i = 0; i < 60; ++i) {
    data.train.values.push_back(static_cast<float>(i % 3));
    data.train.labels.push_back(i % 3);
  }
  data.train.labels[0] = data.train.labels[1] = 2;  // so that no constant offset passes
  data.train.values[0] = data.train.values[1] = 2;
  for (const auto kind : {trainer::SplitKind::kRandom, trainer::SplitKind::kStratified, trainer::SplitKind::kTail}) {
    Device device;
    const trainer::PreparedData prepared = device.prepare(data, {0.3, kind});
    for (const trainer::DevicePart* part : {&prepared.train, &prepared.validation}) {
      const std::vector<float> x = device.read(part->x);
      const Tokens labels = device.read(part->labels);
      REQUIRE(x.size() == labels.size());
      for (std::size_t i = 0; i < x.size(); ++i)
        for (std::size_t j = 0; j < x.size(); ++j) CHECK((x[i] < x[j]) == (labels[i] < labels[j]));
    }
  }
}

TEST_CASE("images reach the network in their shape") {
  trainer::Dataset data;
  data.classes = 2;
  data.train = {12, std::vector<std::uint8_t>(36, 7), {}, {0, 1, 0}};
  data.image = true;
  data.height = data.width = 2;
  data.channels = 3;
  Device device;
  const trainer::PreparedData prepared = device.prepare(data, {});
  CHECK(prepared.shape.shape == trainer::Shape{2, 2, 3});
  CHECK(prepared.image);
}

namespace {

// Images of three channels, some of them for a test, and their normalised values.
trainer::Dataset images(std::uint32_t count) {
  trainer::Dataset data;
  data.classes = 2;
  data.image = true;
  data.height = data.width = 4;
  data.channels = 3;
  data.train.features = 48;
  for (std::uint32_t i = 0; i < count * 48; ++i)
    data.train.pixels.push_back(static_cast<std::uint8_t>(core::permute(i, count * 48, 8, 0, 0)));
  for (std::uint32_t i = 0; i < count; ++i) data.train.labels.push_back(static_cast<std::int32_t>(i % 2));
  data.test = data.train;
  return data;
}

}  // namespace

TEST_CASE("images are normalised as they are gathered, by what their training part has, and their bytes are kept") {
  const trainer::Dataset data = images(100);
  Device device;
  trainer::PreparedData prepared;
  const std::uint8_t* kept = nullptr;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const trainer::Holdout holdout{0.3, seed == 3 ? trainer::SplitKind::kStratified : trainer::SplitKind::kRandom};
    prepared = device.prepare(data, holdout, seed, std::move(prepared));
    if (kept) CHECK(prepared.train.pixels == kept);
    kept = prepared.train.pixels;
    const trainer::Split split = trainer::split_dataset(data, holdout.kind, holdout.fraction, seed);
    const trainer::Normalisation by = trainer::fit_normalisation(data, trainer::PixelCounts(data), split.train);
    CHECK(prepared.normalisation_sha256 == by.digest());
    CHECK(prepared.train.x.size() == 0);
    CHECK(device.samples(prepared, prepared.train) == trainer::normalised(data.train, by, split.train));
    CHECK(device.samples(prepared, prepared.validation) == trainer::normalised(data.train, by, split.validation));
    CHECK(device.gathered(prepared, prepared.train, {5, 0, 69}) ==
          trainer::normalised(data.train, by, {split.train[5], split.train[0], split.train[69]}));
    CHECK(device.samples(prepared, prepared.test).size() == 100 * 48);
  }
}

TEST_CASE("unfolded images are the same samples, and a preparation in their memory folds them again") {
  const trainer::Dataset data = images(60);
  Device device;
  trainer::PreparedData prepared = device.prepare(data, {0.3});
  const std::vector<float> samples = device.samples(prepared, prepared.train);
  device.unfold(prepared);
  CHECK(device.read(prepared.train.x) == samples);
  CHECK(prepared.train.pixels == nullptr);
  CHECK(device.samples(prepared, prepared.train) == samples);
  CHECK(device.gathered(prepared, prepared.train, {1}) == std::vector<float>(&samples[48], &samples[96]));
  prepared = device.prepare(data, {0.3}, 1, std::move(prepared));
  CHECK(prepared.train.x.size() == 0);
  CHECK(device.samples(prepared, prepared.train) == samples);
}

TEST_CASE("what is prepared in the memory of an earlier preparation is what a first one gives") {
  trainer::Dataset data;
  data.classes = 3;
  data.train.features = 2;
  for (int i = 0; i < 60; ++i) {
    data.train.values.insert(data.train.values.end(), {static_cast<float>(i), static_cast<float>(i * i % 7)});
    data.train.labels.push_back(i % 3);
  }
  data.test = data.train;
  Device device;
  const auto prepare = [&](trainer::Holdout holdout, std::uint64_t seed, trainer::PreparedData before) {
    return device.prepare(data, holdout, seed, std::move(before));
  };
  trainer::PreparedData kept = prepare({0.3}, 1, {});
  for (const auto& [holdout, seed] : {std::pair{trainer::Holdout{0.3}, 2},
                                      {trainer::Holdout{0.5}, 2},
                                      {trainer::Holdout{0}, 2},
                                      {trainer::Holdout{0.3, trainer::SplitKind::kTail}, 1}}) {
    const std::uint64_t chosen = static_cast<std::uint64_t>(seed);
    const float* memory = kept.test.x.data();
    kept = prepare(holdout, chosen, std::move(kept));
    CHECK(kept.test.x.data() == memory);
    const trainer::PreparedData first = prepare(holdout, chosen, {});
    CHECK(kept.split_sha256 == first.split_sha256);
    CHECK(kept.normalisation_sha256 == first.normalisation_sha256);
    for (const auto part :
         {&trainer::PreparedData::train, &trainer::PreparedData::validation, &trainer::PreparedData::test}) {
      CHECK((kept.*part).count == (first.*part).count);
      CHECK(device.read((kept.*part).x) == device.read((first.*part).x));
      CHECK(device.read((kept.*part).labels) == device.read((first.*part).labels));
    }
  }
}

// What of a data set lies on the device, in which order and shape.
#include "trainer/training/prepared_data.h"

#include "tests/catch.h"

namespace {

class Device {
 public:
  trainer::PreparedData prepare(const trainer::Dataset& data, trainer::Holdout holdout, std::uint64_t seed = 1,
                                trainer::PreparedData before = {}) {
    return trainer::prepare_data(data, holdout, seed, kernels::cpu_backend(), *context_, std::move(before));
  }
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

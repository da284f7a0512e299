// The generated data sets: their bits are part of each trial's identity and never change without a new version.
#include "trainer/data/builtin.h"

#include <algorithm>
#include <span>

#include "core/digest.h"
#include "tests/catch.h"

namespace {

std::string digest(const trainer::Samples& samples) {
  core::Sha256 sha;
  sha.update(std::as_bytes(std::span(samples.pixels)));
  sha.update(std::as_bytes(std::span(samples.values)));
  sha.update(std::as_bytes(std::span(samples.labels)));
  return sha.hex().substr(0, 16);
}

}  // namespace

TEST_CASE("the generated data sets have the bits of their version") {
  const trainer::Dataset spirals = trainer::generate("spirals");
  CHECK(digest(spirals.train) == "d6af84da03df702c");
  CHECK(digest(*spirals.test) == "643492b68a575946");
  const trainer::Dataset images = trainer::generate("images");
  CHECK(digest(images.train) == "a75243d2887f534f");
  CHECK(digest(*images.test) == "cc82a72ff1af6cfc");
}

TEST_CASE("every generated data set can be generated, with each class as often as any other") {
  for (const protocol::BuiltinData& builtin : protocol::builtin_data()) {
    const trainer::Dataset data = trainer::generate(builtin.name);
    const auto count = static_cast<std::ptrdiff_t>(data.train.count());
    for (int c = 0; c < data.classes; ++c)
      CHECK(std::count(data.train.labels.begin(), data.train.labels.end(), c) == count / data.classes);
    CHECK(data.test.has_value());
  }
}

// The generated data sets: their bits are part of each trial's identity and never change without a new version.
#include "trainer/data/builtin.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>

#include "core/digest.h"
#include "tests/catch.h"

namespace {

std::string digest(const trainer::Samples& samples) {
  core::Sha256 sha;
  sha.update(std::as_bytes(std::span(samples.pixels)));
  sha.update(std::as_bytes(std::span(samples.values)));
  sha.update(std::as_bytes(std::span(samples.labels)));
  sha.update(std::as_bytes(std::span(samples.targets)));
  sha.update(std::as_bytes(std::span(samples.tokens)));
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
  const trainer::Dataset surface = trainer::generate("surface");
  CHECK(digest(surface.train) == "fed0c6db38f7ac5f");
  CHECK(digest(*surface.test) == "a7861cd4e58be381");
  const trainer::Dataset sums = trainer::generate("sums");
  CHECK(digest(sums.train) == "ac133c1f37581b92");
  CHECK(digest(*sums.test) == "54fd950165b8eba6");
}

TEST_CASE("every generated data set can be generated, with each class as often as any other") {
  for (const protocol::BuiltinData& builtin : protocol::builtin_data()) {
    const trainer::Dataset data = trainer::generate(builtin.name);
    CHECK(data.test.has_value());
    if (data.task != trainer::Task::kClassification) continue;
    const auto count = static_cast<std::ptrdiff_t>(data.train.count());
    for (int c = 0; c < data.classes; ++c)
      CHECK(std::count(data.train.labels.begin(), data.train.labels.end(), c) == count / data.classes);
  }
}

TEST_CASE("the lines of sums are sums") {
  const trainer::Dataset data = trainer::generate("sums");
  std::string text;
  for (const std::int32_t token : data.train.tokens)
    text += static_cast<char>(data.vocabulary[static_cast<std::size_t>(token)]);
  CHECK(std::is_sorted(data.vocabulary.begin(), data.vocabulary.end()));
  CHECK(std::count(text.begin(), text.end(), '\n') == 4000);
  int a = 0, b = 0, c = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    REQUIRE(std::sscanf(text.c_str() + at, "%d+%d=%d", &a, &b, &c) == 3);
    CHECK(a + b == c);
  }
}

TEST_CASE("the surface is explained by five of its features but for its noise") {
  const trainer::Dataset data = trainer::generate("surface");
  double squares = 0;
  for (std::size_t i = 0; i < data.train.count(); ++i) {
    const auto x = [&](int f) { return static_cast<double>(data.train.value(i, f)); };
    const double height = 10 * x(0) * x(1) + 20 * (x(2) - 0.5) * (x(2) - 0.5) + 10 * x(3) + 5 * x(4);
    squares +=
        (static_cast<double>(data.train.targets[i]) - height) * (static_cast<double>(data.train.targets[i]) - height);
  }
  CHECK(std::sqrt(squares / 2000) == Approx(0.5).margin(0.03));
}

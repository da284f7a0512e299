// See builtin.h.
#include "trainer/data/builtin.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/error.h"
#include "core/philox.h"

namespace trainer {
namespace {

constexpr std::uint64_t kKey = 1;
enum class Part : std::uint32_t { kTrain = 0, kTest = 1 };

// The random numbers of one sample, in order.
class Draws {
 public:
  Draws(std::uint32_t set, Part part, std::uint32_t sample)
      : tensor_(2 * set + static_cast<std::uint32_t>(part)), sample_(sample) {}

  // Uniform in [low, high).
  double uniform(double low, double high) {
    if (used_ % 4 == 0) words_ = core::random_bits(kKey, core::Purpose::kSyntheticData, tensor_, sample_, used_ / 4);
    return low + (high - low) * static_cast<double>(core::uniform_float(words_.word[used_++ % 4]));
  }
  // Mean 0, deviation 1, bell-shaped: the sum of twelve uniform numbers, less six.
  double bell() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += uniform(0, 1);
    return sum;
  }

 private:
  std::uint32_t tensor_;
  std::uint32_t sample_;
  std::uint32_t used_ = 0;
  core::Philox4 words_{};
};

struct Vector {
  double x = 0;
  double y = 0;
};

// The rotation by twice the angle whose tangent is `t`.
struct Rotation {
  double cosine;
  double sine;
  explicit Rotation(double t) : cosine((1 - t * t) / (1 + t * t)), sine(2 * t / (1 + t * t)) {}
  Vector operator()(Vector v) const { return {cosine * v.x - sine * v.y, sine * v.x + cosine * v.y}; }
};

// --- spirals

constexpr int kArms = 3;

Samples spirals(Part part, int points_an_arm) {
  Samples samples;
  samples.features = 2;
  // A whole turn is 2π; a step of the arm is the rotation by 1.25 turns over the number of points.
  const Rotation step(1.25 * 3.14159265358979 / points_an_arm);
  constexpr std::array<Vector, kArms> kStarts{{{1, 0}, {-0.5, 0.8660254037844386}, {-0.5, -0.8660254037844386}}};
  for (std::int32_t arm = 0; arm < kArms; ++arm) {
    Vector direction = kStarts[static_cast<std::size_t>(arm)];
    for (int i = 0; i < points_an_arm; ++i, direction = step(direction)) {
      Draws draws(0, part, static_cast<std::uint32_t>(samples.count()));
      const double radius = 0.05 + 0.95 * i / points_an_arm;
      const double noise = 0.02 + 0.05 * radius;
      samples.values.push_back(static_cast<float>(radius * direction.x + noise * draws.bell()));
      samples.values.push_back(static_cast<float>(radius * direction.y + noise * draws.bell()));
      samples.labels.push_back(arm);
    }
  }
  return samples;
}

// --- images

constexpr int kSide = 14;

struct Stroke {
  Vector from;
  Vector to;
};

// The segments of a seven-segment display in a square of side 2 around the origin, y downwards: top, upper left, upper
// right, middle, lower left, lower right, bottom; and for each digit those that are lit, the first one lowest.
constexpr std::array<Stroke, 7> kSegments{{{{-0.6, -1}, {0.6, -1}},
                                           {{-0.6, -1}, {-0.6, 0}},
                                           {{0.6, -1}, {0.6, 0}},
                                           {{-0.6, 0}, {0.6, 0}},
                                           {{-0.6, 0}, {-0.6, 1}},
                                           {{0.6, 0}, {0.6, 1}},
                                           {{-0.6, 1}, {0.6, 1}}}};
constexpr std::array<unsigned, 10> kDigits{0b1110111, 0b0100100, 0b1011101, 0b1101101, 0b0101110,
                                           0b1101011, 0b1111011, 0b0100101, 0b1111111, 0b1101111};

double squared_distance(Vector p, const Stroke& stroke) {
  const Vector along{stroke.to.x - stroke.from.x, stroke.to.y - stroke.from.y};
  const Vector to_p{p.x - stroke.from.x, p.y - stroke.from.y};
  const double length = along.x * along.x + along.y * along.y;
  const double t = std::clamp((to_p.x * along.x + to_p.y * along.y) / length, 0.0, 1.0);
  const Vector rest{to_p.x - t * along.x, to_p.y - t * along.y};
  return rest.x * rest.x + rest.y * rest.y;
}

std::vector<Stroke> draw_strokes(int digit, Draws& draws) {
  const Rotation turn(draws.uniform(-0.14, 0.14));  // by up to 16°
  const double slant = draws.uniform(-0.3, 0.3);
  const Vector scale{draws.uniform(2.8, 4.8), draws.uniform(3.4, 5.0)};
  const Vector centre{(kSide - 1) / 2.0 + draws.uniform(-2, 2), (kSide - 1) / 2.0 + draws.uniform(-1.6, 1.6)};
  const auto place = [&](Vector v) {
    const Vector turned = turn({scale.x * (v.x - slant * v.y), scale.y * v.y});
    return Vector{centre.x + turned.x, centre.y + turned.y};
  };
  std::vector<Stroke> strokes;
  for (std::size_t i = 0; i < kSegments.size(); ++i) {
    if ((kDigits[static_cast<std::size_t>(digit)] >> i & 1u) == 0) continue;
    const Vector shake_from{draws.uniform(-0.12, 0.12), draws.uniform(-0.12, 0.12)};
    const Vector shake_to{draws.uniform(-0.12, 0.12), draws.uniform(-0.12, 0.12)};
    strokes.push_back({place({kSegments[i].from.x + shake_from.x, kSegments[i].from.y + shake_from.y}),
                       place({kSegments[i].to.x + shake_to.x, kSegments[i].to.y + shake_to.y})});
  }
  const Vector stray{draws.uniform(0, kSide), draws.uniform(0, kSide)};  // belongs to no digit
  strokes.push_back({stray, {stray.x + draws.uniform(0.5, 3), stray.y + draws.uniform(-2, 2)}});
  return strokes;
}

void draw(Samples& samples, int digit, Draws draws) {
  const std::vector<Stroke> strokes = draw_strokes(digit, draws);
  const double thickness = draws.uniform(0.3, 0.9);
  const double ink = draws.uniform(110, 230);
  const double noise = draws.uniform(6, 34);
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) {
      double nearest = 1e9;
      for (const Stroke& stroke : strokes)
        nearest = std::min(nearest, squared_distance({static_cast<double>(x), static_cast<double>(y)}, stroke));
      const double cover = std::clamp(1.0 + thickness - std::sqrt(nearest), 0.0, 1.0);
      double bell = draws.uniform(-1, 1);  // of three uniform numbers: deviation 1; one statement each for their order
      bell += draws.uniform(-1, 1);
      bell += draws.uniform(-1, 1);
      samples.pixels.push_back(static_cast<std::uint8_t>(std::clamp(ink * cover + noise * bell + 16, 0.0, 255.0)));
    }
  samples.labels.push_back(digit);
}

Samples images(Part part, int images_a_class) {
  Samples samples;
  samples.features = kSide * kSide;
  samples.pixels.reserve(static_cast<std::size_t>(10 * images_a_class * samples.features));
  for (int i = 0; i < 10 * images_a_class; ++i) draw(samples, i % 10, Draws(1, part, static_cast<std::uint32_t>(i)));
  return samples;
}

// --- surface

constexpr int kSurfaceFeatures = 10;

// A relative of Friedman's first function (1991), with a product for its sine: five features count, five do not.
Samples surface(Part part, int points) {
  Samples samples;
  samples.features = kSurfaceFeatures;
  for (int i = 0; i < points; ++i) {
    Draws draws(2, part, static_cast<std::uint32_t>(i));
    std::array<double, kSurfaceFeatures> x;
    for (double& value : x) value = draws.uniform(0, 1);
    const double bend = x[2] - 0.5;
    const double height = 10 * (x[0] * x[1]) + 20 * (bend * bend) + 10 * x[3] + 5 * x[4];
    for (const double value : x) samples.values.push_back(static_cast<float>(value));
    samples.targets.push_back(static_cast<float>(height + 0.5 * draws.bell()));
  }
  return samples;
}

// --- sums

constexpr std::string_view kSumCharacters = "\n+0123456789=";  // ascending: the vocabulary

Samples sums(Part part, int lines) {
  Samples samples;
  for (int i = 0; i < lines; ++i) {
    Draws draws(3, part, static_cast<std::uint32_t>(i));
    const int a = static_cast<int>(draws.uniform(0, 100));
    const int b = static_cast<int>(draws.uniform(0, 100));
    for (const char c : std::to_string(a) + "+" + std::to_string(b) + "=" + std::to_string(a + b) + "\n")
      samples.tokens.push_back(static_cast<std::int32_t>(kSumCharacters.find(c)));
  }
  return samples;
}

}  // namespace

Dataset generate(std::string_view name) {
  Dataset data;
  if (name == "spirals") {
    data.train = spirals(Part::kTrain, 1000);
    data.test = spirals(Part::kTest, 200);
    data.classes = kArms;
  } else if (name == "surface") {
    data.train = surface(Part::kTrain, 2000);
    data.test = surface(Part::kTest, 500);
    data.task = Task::kRegression;
  } else if (name == "sums") {
    data.train = sums(Part::kTrain, 4000);
    data.test = sums(Part::kTest, 400);
    data.task = Task::kText;
    data.vocabulary.assign(kSumCharacters.begin(), kSumCharacters.end());
    data.classes = static_cast<int>(data.vocabulary.size());
  } else {
    core::check(name == "images", "a builtin data set without a generator");
    data.train = images(Part::kTrain, 400);
    data.test = images(Part::kTest, 100);
    data.classes = 10;
    data.image = true;
    data.height = data.width = kSide;
    data.channels = 1;
  }
  return data;
}

}  // namespace trainer

// See prepared_data.h.
#include "trainer/training/prepared_data.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "core/math_double.h"
#include "trainer/data/normalise.h"
#include "trainer/data/split.h"

namespace trainer {
namespace {

// Bytes of a piece on its way to the device: it stays in the processor's cache.
constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

// Puts arrays on the device, into the memory of those of an earlier preparation where their sizes are the same: the
// system's price for new memory is as high as that of filling it.
class Uploader {
 public:
  Uploader(const kernels::Backend& ops, kernels::Context& context) : ops_(ops), context_(context) {}

  template <class T>
  void operator()(kernels::Buffer<T>& buffer, const std::vector<T>& values) const {
    make_room(buffer, values.size());
    copy(buffer.data(), values);
  }

  // Row by row what `values_of` gives for some rows at a time.
  template <class ValuesOf>
  void in_pieces(kernels::Buffer<float>& buffer, const std::vector<std::uint32_t>& rows, std::size_t features,
                 ValuesOf&& values_of) const {
    make_room(buffer, rows.size() * features);
    if (rows.empty()) return;
    const std::size_t most = std::max<std::size_t>(1, kPieceBytes / (features * sizeof(float)));
    float* to = buffer.data();
    for (auto first = rows.begin(); first != rows.end();) {
      const auto last = first + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(most), rows.end() - first);
      const std::vector<float> piece = values_of({first, last});
      copy(to, piece);
      to += piece.size();
      first = last;
    }
  }

 private:
  template <class T>
  void make_room(kernels::Buffer<T>& buffer, std::size_t count) const {
    if (buffer.size() == count) return;
    buffer = {};  // the old one goes before there is a new one
    if (count > 0) buffer = kernels::Buffer<T>(ops_, context_, count, "the data set");
  }

  template <class T>
  void copy(T* to, const std::vector<T>& values) const {
    if (values.empty()) return;
    ops_.copy_to_device(context_, to, values.data(), values.size() * sizeof(T));
    ops_.synchronize(context_);  // the host's copy goes away
  }

  const kernels::Backend& ops_;
  kernels::Context& context_;
};

// The chosen elements of a list that has one a sample, or none at all.
template <class T>
std::vector<T> chosen(const std::vector<T>& all, const std::vector<std::uint32_t>& rows) {
  std::vector<T> values;
  if (all.empty()) return values;
  values.reserve(rows.size());
  for (const std::uint32_t row : rows) values.push_back(all[row]);
  return values;
}

// The chosen windows, each begun `ahead` tokens later.
std::vector<std::int32_t> windows(const Samples& text, const std::vector<std::uint32_t>& rows, std::size_t ahead) {
  const auto length = static_cast<std::size_t>(text.features);
  std::vector<std::int32_t> tokens;
  tokens.reserve(rows.size() * length);
  for (const std::uint32_t row : rows) {
    const auto begin = text.tokens.begin() + static_cast<std::ptrdiff_t>(row * length + ahead);
    tokens.insert(tokens.end(), begin, begin + text.features);
  }
  return tokens;
}

// How the numbers to predict are normalised: by mean and deviation of the training part, so that a loss of 1 is what
// predicting their mean gives.
struct TargetScale {
  double mean = 0;
  double deviation = 1;

  std::vector<float> of(std::vector<float> targets) const {
    for (float& target : targets) target = static_cast<float>((static_cast<double>(target) - mean) / deviation);
    return targets;
  }
};

double mean_of(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value);
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double squares_about_mean(const std::vector<float>& values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const float value : values) sum += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
  return sum;
}

TargetScale fit_targets(const std::vector<float>& targets) {
  if (targets.empty()) return {};
  const double deviation = core::portable::sqrt(squares_about_mean(targets) / static_cast<double>(targets.size()));
  return {mean_of(targets), deviation > 0 ? deviation : 1};
}

// What a raw 0 becomes in each channel.
std::vector<float> background_of(const Dataset& data, const Normalisation& normalisation) {
  const std::size_t channels = data.image ? static_cast<std::size_t>(data.channels) : 1;
  std::vector<float> values(channels);
  for (std::size_t c = 0; data.image && c < channels; ++c) {
    const std::size_t group = normalisation.mean.size() == 1 ? 0 : c;
    values[c] = static_cast<float>((0.0 - normalisation.mean[group]) / normalisation.deviation[group]);
  }
  return values;
}

// `part` comes as an earlier preparation left it; `pixels` are on the device, empty where there are none.
void upload(DevicePart& part, const Samples& samples, const kernels::Buffer<std::uint8_t>& pixels,
            const Normalisation& normalisation, const TargetScale& scale, const std::vector<std::uint32_t>& rows,
            const Uploader& put) {
  part.count = static_cast<std::uint32_t>(rows.size());
  const bool text = !samples.tokens.empty();
  put(part.tokens, text ? windows(samples, rows, 0) : std::vector<std::int32_t>());
  put(part.labels, text ? windows(samples, rows, 1) : chosen(samples.labels, rows));
  const std::vector<float> targets = scale.of(chosen(samples.targets, rows));
  part.target_squares = squares_about_mean(targets);
  put(part.targets, targets);
  part.pixels = pixels.data();
  const std::vector<std::uint32_t> none;
  put(part.rows, part.pixels ? rows : none);
  put.in_pieces(part.x, text || part.pixels ? none : rows, static_cast<std::size_t>(samples.features),
                [&](const std::vector<std::uint32_t>& some) { return normalised(samples, normalisation, some); });
}

// Once for a data set.
void upload_pixels(PixelsOnDevice& pixels, const Dataset& data, const Uploader& put) {
  if (!pixels.counts.empty()) return;
  pixels.counts = PixelCounts(data);
  if (pixels.counts.empty()) return;
  put(pixels.train, data.train.pixels);
  if (data.test) put(pixels.test, data.test->pixels);
}

}  // namespace

InputShape shape_of(const Dataset& data) {
  if (data.task == Task::kText) return {{data.train.features, 1, 1}, Form::kText};
  if (data.image) return {{data.height, data.width, data.channels}, Form::kImages};
  return {{1, 1, data.train.features}, Form::kNumbers};
}

PreparedData prepare_data(const Dataset& data, Holdout holdout, std::uint64_t seed, const kernels::Backend& ops,
                          kernels::Context& context, PreparedData before) {
  core::check(data.train.count() < UINT32_MAX, "more samples than 32 bits count");
  const Split split = split_dataset(data, holdout.kind, holdout.fraction, seed);
  const bool text = data.task == Task::kText;
  const Uploader put(ops, context);
  PreparedData prepared = std::move(before);
  upload_pixels(prepared.pixels, data, put);
  const PixelsOnDevice& pixels = prepared.pixels;
  const Normalisation normalisation = text ? Normalisation() : fit_normalisation(data, pixels.counts, split.train);
  put(prepared.pixel_values, pixels.counts.empty() ? std::vector<float>() : pixel_values(normalisation));
  prepared.task = data.task;
  prepared.image = data.image;
  prepared.features = data.train.features;
  prepared.shape = shape_of(data);
  prepared.classes = data.classes;
  prepared.split_sha256 = split.digest();
  prepared.normalisation_sha256 = text ? "" : normalisation.digest();
  prepared.background = text ? std::vector<float>() : background_of(data, normalisation);
  const TargetScale scale = fit_targets(chosen(data.train.targets, split.train));
  prepared.target_mean = scale.mean;
  prepared.target_deviation = scale.deviation;
  upload(prepared.train, data.train, pixels.train, normalisation, scale, split.train, put);
  upload(prepared.validation, data.train, pixels.train, normalisation, scale, split.validation, put);
  std::vector<std::uint32_t> test_rows(data.test ? data.test->count() : 0);
  std::iota(test_rows.begin(), test_rows.end(), 0u);
  upload(prepared.test, data.test ? *data.test : Samples(), pixels.test, normalisation, scale, test_rows, put);
  return prepared;
}

namespace {

void gather_pixels(const kernels::Backend& ops, kernels::Context& context, const PreparedData& data,
                   const DevicePart& part, float* out, const std::uint32_t* rows, const std::uint32_t* indices,
                   int count) {
  ops.gather_pixels(context, out, part.pixels, rows, indices, count, data.features, data.pixel_values.data(),
                    data.shape.shape.channels);
}

}  // namespace

void gather_samples(const kernels::Backend& ops, kernels::Context& context, const PreparedData& data,
                    const DevicePart& part, float* out, const std::uint32_t* indices, int count) {
  if (part.pixels)
    gather_pixels(ops, context, data, part, out, part.rows.data(), indices, count);
  else
    ops.gather_rows(context, out, part.x.data(), indices, count, data.features);
}

const float* samples_from(const kernels::Backend& ops, kernels::Context& context, const PreparedData& data,
                          const DevicePart& part, std::uint32_t first, int count, kernels::Buffer<float>& scratch) {
  const auto features = static_cast<std::size_t>(data.features);
  if (!part.pixels) return part.x.data() + first * features;
  if (scratch.size() == 0)
    scratch = kernels::Buffer<float>(ops, context, static_cast<std::size_t>(count) * features, "samples of a pass");
  gather_pixels(ops, context, data, part, scratch.data(), part.rows.data() + first, nullptr, count);
  return scratch.data();
}

void unfold(const kernels::Backend& ops, kernels::Context& context, const PreparedData& data, DevicePart& part) {
  if (!part.pixels || part.count == 0) return;
  (void)samples_from(ops, context, data, part, 0, static_cast<int>(part.count), part.x);
  part.pixels = nullptr;
}

}  // namespace trainer

// See arrays.h.
#include "trainer/data/arrays.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "core/error.h"
#include "core/plural.h"
#include "trainer/data/gzip.h"
#include "trainer/data/npy.h"
#include "trainer/data/npz.h"

namespace trainer {
namespace {

constexpr std::array kNpyRoles{protocol::kTrainInputs, protocol::kTrainTargets, protocol::kTestInputs,
                               protocol::kTestTargets};
constexpr std::array<const char*, 4> kNpzNames{"x_train", "y_train", "x_test", "y_test"};
constexpr std::array<const char*, 2> kShortNames{"x", "y"};

constexpr int kMaxChannels = 4096;  // each costs a table of its bytes

using Arrays = std::vector<NpyArray>;  // x and y of the training part, then those of the test part where there is one

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return 'A' <= c && c <= 'Z' ? c + 32 : c; });
  return text;
}

Arrays read_folder(const protocol::DataSet& source) {
  Arrays arrays;
  for (const char* role : kNpyRoles)
    if (const auto* file = source.file(role)) arrays.emplace_back(read_plain_or_gzip(*file), file->string());
  return arrays;
}

Arrays read_archive(const std::filesystem::path& file) {
  std::map<std::string, std::string> found;  // by the name in small letters
  std::string listed;
  for (auto& [name, bytes] : read_npz(file)) {
    listed += (listed.empty() ? "" : ", ") + name;
    if (!found.emplace(lower(name), std::move(bytes)).second)
      throw core::UserError(file.string(), "holds two arrays called " + lower(name) + ", but for the case of letters");
  }
  Arrays arrays;
  const auto take = [&](const char* name) {
    const auto entry = found.find(name);
    if (entry != found.end()) arrays.emplace_back(std::move(entry->second), file.string() + ": " + name + ".npy");
    return entry != found.end();
  };
  const bool parts = found.contains(kNpzNames[0]);
  const std::size_t needed = found.contains(kNpzNames[2]) || found.contains(kNpzNames[3]) ? 4 : 2;
  for (std::size_t i = 0; i < (parts ? needed : kShortNames.size()); ++i)
    if (!take(parts ? kNpzNames[i] : kShortNames[i]))
      throw core::UserError(file.string(),
                            "has no array " + std::string(parts ? kNpzNames[i] : kShortNames[i]) +
                                (listed.empty() ? ", it is empty" : ", it holds " + listed.substr(0, 200)),
                            "call them x_train, y_train, x_test and y_test, or x and y");
  return arrays;
}

// Sets the shape of `data` for images.
void take_shape(Dataset& data, const NpyArray& x) {
  const std::vector<std::size_t>& shape = x.shape();
  if (shape.empty() || shape.size() > 4)
    throw core::UserError(x.place(), "has the shape " + x.shape_text(),
                          "expected (n), (n, features), (n, height, width) or (n, height, width, channels)");
  if (x.count() / shape[0] > kMaxFeatures)
    throw core::UserError(x.place(), fmt::format("has the shape {}, at most {} numbers a sample are supported",
                                                 x.shape_text(), kMaxFeatures));
  if (shape.size() < 3) return;
  data.image = true;
  data.height = static_cast<int>(shape[1]);
  data.width = static_cast<int>(shape[2]);
  data.channels = shape.size() == 4 ? static_cast<int>(shape[3]) : 1;
  if (data.channels > kMaxChannels)
    throw core::UserError(
        x.place(), fmt::format("has the shape {}, at most {} channels are supported", x.shape_text(), kMaxChannels));
}

void take_inputs(Samples& samples, const NpyArray& x, bool image) {
  samples.features = static_cast<int>(x.count() / x.shape()[0]);
  if (x.is_bytes() && image) {
    samples.pixels.reserve(x.count());
    for (std::size_t i = 0; i < x.count(); ++i) samples.pixels.push_back(static_cast<std::uint8_t>(*x.whole(i)));
    return;
  }
  samples.values.reserve(x.count());
  for (std::size_t i = 0; i < x.count(); ++i) {
    const auto value = static_cast<float>(x.number(i));
    if (!std::isfinite(value))
      throw core::UserError(
          x.place(), fmt::format("element {}, at byte {}, is {}, not a finite float", i, x.offset_of(i), x.number(i)));
    samples.values.push_back(value);
  }
}

void check_targets(const NpyArray& x, const NpyArray& y) {
  const std::vector<std::size_t>& shape = y.shape();
  if (shape.size() != 1 && !(shape.size() == 2 && shape[1] == 1))
    throw core::UserError(y.place(), "has the shape " + y.shape_text(), "expected (n) or (n, 1)");
  if (shape[0] != x.shape()[0])
    throw core::UserError(y.place(), fmt::format("has {} for the {} of {}", core::counted(shape[0], "entry", "entries"),
                                                 core::counted(x.shape()[0], "sample"), x.place()));
}

// `classes`: 0 for the training part, which sets how many there are.
void take_labels(Samples& samples, const NpyArray& y, int classes) {
  if (!y.is_whole())
    throw core::UserError(y.place(), "holds " + y.type_text() + ", labels are integers",
                          "for numbers to predict set the option task: regression");
  const std::int64_t most = classes > 0 ? classes - 1 : kMaxClasses - 1;
  for (std::size_t i = 0; i < y.count(); ++i) {
    const std::optional<std::int64_t> label = y.whole(i);
    if (!label || *label < 0 || *label > most)
      throw core::UserError(y.place(), fmt::format("label {} at byte {} is out of range, expected 0 to {}", y.number(i),
                                                   y.offset_of(i), most));
    samples.labels.push_back(static_cast<std::int32_t>(*label));
  }
}

void take_numbers(Samples& samples, const NpyArray& y) {
  for (std::size_t i = 0; i < y.count(); ++i) {
    samples.targets.push_back(static_cast<float>(y.number(i)));
    if (!std::isfinite(samples.targets.back()))
      throw core::UserError(
          y.place(), fmt::format("target {}, at byte {}, is {}, not a finite float", i, y.offset_of(i), y.number(i)));
  }
}

}  // namespace

Dataset load_arrays(const protocol::DataSet& source) {
  const Arrays arrays =
      source.form == protocol::DataForm::kNpz ? read_archive(*source.file(protocol::kArrays)) : read_folder(source);
  Dataset data;
  const bool regression = source.options.regression;
  data.task = regression ? Task::kRegression : Task::kClassification;
  take_shape(data, arrays[0]);
  for (std::size_t part = 0; part < arrays.size(); part += 2) {
    const NpyArray &x = arrays[part], &y = arrays[part + 1];
    if (x.shape().size() != arrays[0].shape().size() ||
        !std::equal(x.shape().begin() + 1, x.shape().end(), arrays[0].shape().begin() + 1, arrays[0].shape().end()))
      throw core::UserError(x.place(),
                            "has the shape " + x.shape_text() + ", the training part has " + arrays[0].shape_text());
    Samples samples;
    take_inputs(samples, x, data.image);
    check_targets(x, y);
    if (regression)
      take_numbers(samples, y);
    else
      take_labels(samples, y, data.classes);
    if (part == 0 && !regression) data.classes = *std::max_element(samples.labels.begin(), samples.labels.end()) + 1;
    (part == 0 ? data.train : data.test.emplace()) = std::move(samples);
  }
  return data;
}

}  // namespace trainer

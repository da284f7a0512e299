// Hypotheses about how the samples were normalised.
#include <fmt/format.h>

#include <algorithm>

#include "core/math_double.h"
#include "trainer/locate/hypotheses.h"
#include "trainer/locate/neighbour.h"
#include "trainer/locate/raw_data.h"

namespace trainer {
namespace {

constexpr std::size_t kMostGroups = 256;  // features or channels that are tried one by one

using SharedRaw = std::shared_ptr<const RawData>;

Hypothesis normalised_by(const SharedRaw& raw, Normalisation other, std::string text, core::Json detail) {
  Hypothesis hypothesis;
  hypothesis.kind = "normalisation";
  hypothesis.text = std::move(text);
  hypothesis.detail = std::move(detail);
  hypothesis.rows = [raw, other = std::move(other)](std::span<const std::uint32_t> samples, float* rows) {
    const std::vector<float> values = normalised(raw->data.train, other, raw->rows(samples));
    std::copy(values.begin(), values.end(), rows);
  };
  return hypothesis;
}

// `group`: one of the features or channels; nothing for all of them.
void add_ulps(std::vector<Hypothesis>& list, const SharedRaw& raw, std::optional<std::size_t> group) {
  for (const bool of_mean : {true, false})
    for (const bool of_float : {true, false})
      for (const bool up : {true, false}) {
        Normalisation other = raw->normalisation;
        std::vector<double>& numbers = of_mean ? other.mean : other.deviation;
        for (std::size_t g = 0; g < numbers.size(); ++g)
          if (!group || g == *group)
            numbers[g] =
                (of_float ? neighbour_as_float(numbers[g], up) : neighbour(numbers[g], up)).value_or(numbers[g]);
        const std::string where =
            group ? fmt::format(" of {} {}", raw->data.image ? "channel" : "feature", *group) : "";
        list.push_back(normalised_by(
            raw, std::move(other),
            fmt::format("the samples are normalised with {}{} one ulp of a {} {}", of_mean ? "a mean" : "a deviation",
                        where, of_float ? "float" : "double", up ? "up" : "down"),
            {{"number", of_mean ? "mean" : "deviation"},
             {"group", group ? core::Json(*group) : core::Json()},
             {"unit", of_float ? "float" : "double"},
             {"direction", up ? "up" : "down"}}));
      }
}

void add_other_rows(std::vector<Hypothesis>& list, const SharedRaw& raw) {
  std::vector<std::uint32_t> all(raw->data.train.count());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(i);
  if (all.size() != raw->train.size())
    list.push_back(normalised_by(raw, fit_normalisation(raw->data, raw->counts, all),
                                 "the samples are normalised by statistics that count the validation part",
                                 {{"number", "statistics of all rows"}}));
  Normalisation unbiased = raw->normalisation;
  const double terms = static_cast<double>(raw->train.size());
  for (double& deviation : unbiased.deviation) deviation *= core::portable::sqrt(terms / (terms - 1));
  list.push_back(normalised_by(raw, std::move(unbiased), "the samples are normalised by a deviation with n − 1",
                               {{"number", "deviation with n - 1"}}));
}

}  // namespace

std::vector<Hypothesis> normalisation_hypotheses(Stepper& stepper) {
  if (stepper.trial().data.task == Task::kText) return {};
  const auto raw = std::make_shared<const RawData>(stepper.trial());
  std::vector<Hypothesis> list;
  add_ulps(list, raw, {});
  const std::size_t groups = raw->normalisation.mean.size();
  for (std::size_t g = 0; groups > 1 && groups <= kMostGroups && g < groups; ++g) add_ulps(list, raw, g);
  add_other_rows(list, raw);
  return list;
}

}  // namespace trainer

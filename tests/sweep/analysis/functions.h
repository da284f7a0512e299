// Functions whose Sobol indices are known, as sweeps that drew their parameters: for the tests of analysis/.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/math_double.h"
#include "core/philox.h"
#include "sweep/analysis/analysis.h"
#include "sweep/space/dimension.h"

namespace functions {

using sweep::Observation;

inline sweep::Parameter ranged(const std::string& name, sweep::Family family, double first, double second) {
  return {name, sweep::Continuous{"", family, first, second, {}}, 0, 0, {}};
}
inline sweep::Parameter uniform(const std::string& name, double first, double second) {
  return ranged(name, sweep::Family::kUniform, first, second);
}
inline sweep::Parameter choice(const std::string& name, std::vector<core::Json> values,
                               std::vector<double> probabilities = {}) {
  return {name, sweep::Categorical{std::move(values), std::move(probabilities)}, 0, 0, {}};
}
inline sweep::Parameter whole(const std::string& name, std::int64_t first, std::int64_t last) {
  return {name, sweep::IntUniform{first, last}, 0, 0, {}};
}

/// Trials of random search, and what a function says of their configurations.
struct Table {
  sweep::Spec spec;
  std::vector<core::Json> configs;
  std::vector<Observation> observations;

  Table(std::vector<sweep::Parameter> parameters, std::uint32_t trials,
        const std::function<double(const core::Json&)>& f) {
    spec.method = sweep::Method::kRandom;
    spec.parameters = std::move(parameters);
    std::vector<sweep::Dimension> dimensions(spec.parameters.begin(), spec.parameters.end());
    for (std::uint32_t i = 0; i < trials; ++i) {
      core::Json config = core::Json::object();
      for (std::uint32_t d = 0; d < dimensions.size(); ++d) {
        const core::Philox4 bits = core::philox({{i, d, 0, 0}}, 20141);
        const double u = (static_cast<double>(bits.word[0]) + 0.5) * 0x1p-32;
        config[dimensions[d].name()] = dimensions[d].json(dimensions[d].at_quantile(u));
      }
      configs.push_back(std::move(config));
    }
    for (std::uint32_t i = 0; i < trials; ++i) observations.push_back({i, f(configs[i]), &configs[i]});
  }
  Table(const Table&) = delete;

  sweep::Analysis analysis(sweep::AnalysisOptions options = {0x7f3a9c0012ab34cd, false, false}) const {
    return sweep::analyse(spec, observations, {observations.size(), observations.size()}, options);
  }
};

/// Ishigami, Homma (1990), a = 7, b = 0.1. First-order indices 0.3139, 0.4424, 0; of (x1, x3) together 0.2437.
inline Table ishigami(std::uint32_t trials) {
  const double pi = 3.141592653589793;
  return {{uniform("x1", -pi, pi), uniform("x2", -pi, pi), uniform("x3", -pi, pi)}, trials, [](const core::Json& x) {
            const double s1 = core::portable::sin(x["x1"].get<double>()),
                         s2 = core::portable::sin(x["x2"].get<double>());
            const double x3 = x["x3"].get<double>();
            return s1 + 7 * s2 * s2 + 0.1 * x3 * x3 * x3 * x3 * s1;
          }};
}

/// Sobol's g-function (1993) with these a; index i is V_i / (∏ (1 + V_k) − 1), V_i = 1/3 / (1 + a_i)².
inline const std::vector<double> kSobolA = {0, 1, 4.5, 9};
inline std::vector<double> g_indices() {
  double product = 1;
  std::vector<double> variances;
  for (const double a : kSobolA) variances.push_back(1.0 / 3 / ((1 + a) * (1 + a))), product *= 1 + variances.back();
  for (double& v : variances) v /= product - 1;
  return variances;
}
inline Table g_function(std::uint32_t trials) {
  return {{uniform("x1", 0, 1), uniform("x2", 0, 1), uniform("x3", 0, 1), uniform("x4", 0, 1)},
          trials,
          [](const core::Json& x) {
            double product = 1;
            for (std::size_t i = 0; i < kSobolA.size(); ++i) {
              const double away = core::portable::abs(4 * x["x" + std::to_string(i + 1)].get<double>() - 2);
              product *= (away + kSobolA[i]) / (1 + kSobolA[i]);
            }
            return product;
          }};
}

/// 4·u + 2·v + w of three uniform shares: a whole number of 0 … 9, a learning rate by its logarithm, a choice. The
/// variances of the three terms are 16, 4 and 1 times those of u, v and w.
inline Table additive(std::uint32_t trials) {
  return {{choice("choice", {"a", "b", "c"}), ranged("rate", sweep::Family::kLogUniformValues, 1e-5, 1e-1),
           whole("width", 0, 9)},
          trials,
          [](const core::Json& x) {
            const double u = x["width"].get<double>() / 9;
            const double v = core::portable::log(x["rate"].get<double>() / 1e-5) / core::portable::log(1e4);
            const double w = x["choice"] == "a" ? 0 : x["choice"] == "b" ? 1 : 2;
            return 4 * u + 2 * v + w;
          }};
}

}  // namespace functions

// One parameter of every distribution, some with two sets of keys. Callers: the tests of space/ and search/.
#pragma once

#include <limits>
#include <vector>

#include "sweep/spec/spec.h"

namespace sweep {

inline Continuous continuous(std::string_view word, Family family, double first, double second,
                             std::optional<Quantum> quantum = std::nullopt) {
  return {word, family, first, second, quantum};
}

inline std::vector<Parameter> every_distribution() {
  using enum Family;
  using Limits = std::numeric_limits<std::int64_t>;
  return {
      {"categorical", Categorical{{"a", 2, 2.5, nullptr}}},
      {"weighted", Categorical{{"a", "never", 2.5, nullptr}, {0.2, 0.0, 0.5, 0.3}}},
      {"int_uniform", IntUniform{16, 1024}},
      {"wide", IntUniform{Limits::min(), Limits::max()}},
      {"uniform", continuous("uniform", kUniform, 0.1, 0.99)},
      {"q_uniform", continuous("q_uniform", kUniform, -1, 1, Quantum{0.1})},
      {"q_uniform_integer", continuous("q_uniform", kUniform, 0, 1000, Quantum{7, true})},
      {"log_uniform", continuous("log_uniform", kLogUniform, -11.5, -2.3)},
      {"inv_log_uniform", continuous("inv_log_uniform", kLogUniform, -11.5, -2.3)},
      {"q_log_uniform", continuous("q_log_uniform", kLogUniform, 0, 10, Quantum{})},
      {"log_uniform_values", continuous("log_uniform_values", kLogUniformValues, 1e-5, 1e-1)},
      {"inv_log_uniform_values", continuous("inv_log_uniform_values", kLogUniformValues, 1e-5, 1e-1)},
      {"q_log_uniform_values", continuous("q_log_uniform_values", kLogUniformValues, 32, 256, Quantum{8, true})},
      {"normal", continuous("normal", kNormal, 4, 2)},
      {"q_normal", continuous("q_normal", kNormal, 0, 100, Quantum{0.5})},
      {"log_normal", continuous("log_normal", kLogNormal, 2, 3)},
      {"q_log_normal", continuous("q_log_normal", kLogNormal, 2, 3, Quantum{10, true})},
      {"beta", continuous("beta", kBeta, 2, 5)},
      {"beta_steep", continuous("beta", kBeta, 0.1, 0.3)},
      {"beta_narrow", continuous("beta", kBeta, 300, 700)},
      {"q_beta", continuous("q_beta", kBeta, 2, 5, Quantum{0.05})},
  };
}

}  // namespace sweep

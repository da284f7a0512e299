// The distributions of the language, as one table: their words, what they are made of and the keys that they take. Used
// by parameter_reader.cpp, which reads them, and by the messages that list them.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "sweep/spec/spec.h"

namespace sweep {

enum class Shape { kConstant, kCategorical, kWeighted, kInteger, kContinuous };

struct DistributionForm {
  std::string_view word;
  Shape shape;
  Family family = Family::kUniform;  ///< of kContinuous
  bool quantised = false;            ///< takes `q`
  bool inverse = false;              ///< min and max are exponents of 1/x
};

inline constexpr std::array kDistributions = {
    DistributionForm{"constant", Shape::kConstant},
    DistributionForm{"categorical", Shape::kCategorical},
    DistributionForm{"categorical_w_probabilities", Shape::kWeighted},
    DistributionForm{"int_uniform", Shape::kInteger},
    DistributionForm{"uniform", Shape::kContinuous, Family::kUniform},
    DistributionForm{"q_uniform", Shape::kContinuous, Family::kUniform, true},
    DistributionForm{"log_uniform_values", Shape::kContinuous, Family::kLogUniformValues},
    DistributionForm{"inv_log_uniform_values", Shape::kContinuous, Family::kLogUniformValues},
    DistributionForm{"q_log_uniform_values", Shape::kContinuous, Family::kLogUniformValues, true},
    DistributionForm{"log_uniform", Shape::kContinuous, Family::kLogUniform},
    DistributionForm{"inv_log_uniform", Shape::kContinuous, Family::kLogUniform, false, true},
    DistributionForm{"q_log_uniform", Shape::kContinuous, Family::kLogUniform, true},
    DistributionForm{"normal", Shape::kContinuous, Family::kNormal},
    DistributionForm{"q_normal", Shape::kContinuous, Family::kNormal, true},
    DistributionForm{"log_normal", Shape::kContinuous, Family::kLogNormal},
    DistributionForm{"q_log_normal", Shape::kContinuous, Family::kLogNormal, true},
    DistributionForm{"beta", Shape::kContinuous, Family::kBeta},
    DistributionForm{"q_beta", Shape::kContinuous, Family::kBeta, true},
};

/// The two keys of a family, with their defaults where a file need not write them.
struct FamilyKeys {
  std::array<std::string_view, 2> names;
  std::optional<std::array<double, 2>> defaults;
};
FamilyKeys keys_of(Family family);

/// Null where no distribution has that word.
const DistributionForm* find_distribution(std::string_view word);

}  // namespace sweep

// The table of hyperparameters by subject: one source a subject, each with its rows. Callers: hyperparameters.cpp,
// which lists them in this order, and those sources. Whoever adds a hyperparameter adds a row, and nothing else here.
#pragma once

#include <array>
#include <string>

#include "core/error.h"
#include "trainer/hyperparameters.h"

namespace trainer {

std::span<const Hyperparameter> network_rows();
std::span<const Hyperparameter> optimizer_rows();
std::span<const Hyperparameter> training_rows();
std::span<const Hyperparameter> data_rows();

/// The default of a row, as JSON text. Some of the optimizer's depend on which one it is: `so_far` has the rows before.
const char* default_of(const Hyperparameter& row, const Hyperparameters& so_far);

// A row of each type.
using Setter = void (*)(Hyperparameters&, const core::Json&);
constexpr Hyperparameter number_row(std::string_view name, const char* fallback, double min, double max,
                                    std::string_view help, Setter set) {
  return {name, ValueType::kNumber, fallback, min, max, {}, help, set};
}
constexpr Hyperparameter integer_row(std::string_view name, const char* fallback, double min, double max,
                                     std::string_view help, Setter set) {
  return {name, ValueType::kInteger, fallback, min, max, {}, help, set};
}
constexpr Hyperparameter boolean_row(std::string_view name, const char* fallback, std::string_view help, Setter set) {
  return {name, ValueType::kBoolean, fallback, 0, 0, {}, help, set};
}
constexpr Hyperparameter choice_row(std::string_view name, const char* fallback,
                                    std::span<const std::string_view> choices, std::string_view help, Setter set) {
  return {name, ValueType::kChoice, fallback, 0, 0, choices, help, set};
}

constexpr Hyperparameter text_row(std::string_view name, const char* fallback, std::string_view help, Setter set) {
  return {name, ValueType::kText, fallback, 0, 0, {}, help, set};
}

/// The enumerator that stands where the word stands among the choices. Requires: the word was checked.
template <class T, std::size_t N>
T chosen(const core::Json& value, const std::array<std::string_view, N>& words, const std::array<T, N>& values) {
  const std::string word = value.get<std::string>();
  for (std::size_t i = 0; i < N; ++i)
    if (words[i] == word) return values[i];
  core::check(false, "a choice was not checked");
  return values[0];
}

}  // namespace trainer

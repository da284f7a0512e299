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

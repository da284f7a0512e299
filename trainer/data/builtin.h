// Data sets made by our own generator: no file, no licence, the same bits on every machine. Callers: dataset.cpp.
// A change of what is generated is a new version in protocol/data_set.cpp: the version is part of each trial's
// identity.
//
// Determinism: Philox (purpose synthetic data, a fixed key) and + − × ÷ sqrt alone; turns are made of rational
// rotations and bell-shaped noise of sums of uniform numbers, so no function of the mathematics library is asked.
#pragma once

#include <string_view>

#include "trainer/data/dataset.h"

namespace trainer {

/// `name` is one of protocol::builtin_data().
/// spirals: points of three arms that turn one and a quarter times, the noise grows outwards; 2 features, 3 classes.
/// surface: a number to predict from ten features in [0, 1), half of which have no influence; noise of deviation 0.5.
/// sums: a text of lines such as 17+25=42, of numbers below 100.
/// images: the ten seven-segment digits as strokes on 14×14 pixels, each moved, turned, slanted, scaled, of another
/// thickness and contrast, with a stray stroke and noise; 10 classes. A linear model falls well short of a small MLP.
Dataset generate(std::string_view name);

}  // namespace trainer

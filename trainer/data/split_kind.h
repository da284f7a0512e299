// The ways to choose the samples that are held out; split.h does it. Callers: the table of hyperparameters as well.
#pragma once

namespace trainer {

enum class SplitKind {
  kRandom,      ///< by a seeded permutation
  kStratified,  ///< the same, of each class its share
  kTail,        ///< the last ones: for a series or a text
  kFile,        ///< those that the data set's file of indices names
};

}  // namespace trainer

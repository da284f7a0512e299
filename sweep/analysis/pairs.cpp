// See pairs.h. What a leaf takes of each feature is worked out once for all pairs; a factor of 1, which most of them
// are, is left out of its products: it changes no bit.
#include "sweep/analysis/pairs.h"

#include "sweep/analysis/decomposition.h"

namespace sweep {
namespace {

constexpr std::size_t kPlaces = 64;  // of an ordered feature on the grid of a pair

// Places from … to, the last not included.
struct Run {
  std::size_t from, to;
};

std::vector<Run> runs_of(std::size_t places, const auto& holds) {
  std::vector<Run> runs;
  for (std::size_t place = 0; place < places; ++place) {
    if (!holds(place)) continue;
    if (runs.empty() || runs.back().to != place) runs.push_back({place, place});
    ++runs.back().to;
  }
  return runs;
}

// Most of the time goes here: by fours, of which the compiler makes one instruction.
void add_to_row(double* cells, Run run, double adds) {
  std::size_t place = run.from;
  for (; place + 4 <= run.to; place += 4) {
    double* const four = cells + place;
    four[0] += adds;
    four[1] += adds;
    four[2] += adds;
    four[3] += adds;
  }
  for (; place < run.to; ++place) cells[place] += adds;
}

}  // namespace

// A leaf, as the grids read it.
struct Pairs::Covered {
  double off;                                         // its value, less the tree's mean
  std::vector<std::pair<std::size_t, double>> parts;  // of the features of which it does not take all: how much
  std::vector<std::vector<Run>> runs;                 // of each feature, if chosen: the places that it holds
};

Pairs::Pairs(std::span<const Feature> features, std::vector<std::size_t> chosen)
    : features_(features), chosen_(std::move(chosen)) {
  for (std::size_t a = 0; a < chosen_.size(); ++a)
    for (std::size_t b = a + 1; b < chosen_.size(); ++b)
      grids_.push_back({chosen_[a], chosen_[b], std::vector<double>(places(chosen_[a]) * places(chosen_[b]))});
}

void Pairs::add(std::span<const Leaf> leaves, double mean) {
  const std::vector<Covered> all = covered(leaves, mean);
  for (Grid& grid : grids_) add_to(grid, all);
  ++trees_;
}

std::vector<Pairs::Pair> Pairs::explain() const {
  std::vector<Pair> pairs;
  for (const Grid& grid : grids_) pairs.push_back({grid.first, grid.second, variance_of(grid)});
  return pairs;
}

std::size_t Pairs::places(std::size_t f) const {
  if (!features_[f].is_ordered) return features_[f].levels.size();
  return kPlaces + (features_[f].absent > 0 ? 1 : 0);
}

double Pairs::weight_of_place(std::size_t f, std::size_t place) const {
  const Feature& feature = features_[f];
  if (!feature.is_ordered) return feature.weights[place];
  return place == kPlaces ? feature.absent : (1 - feature.absent) / kPlaces;
}

std::vector<Pairs::Covered> Pairs::covered(std::span<const Leaf> leaves, double mean) const {
  std::vector<Covered> all;
  for (const Leaf& leaf : leaves) {
    Covered covered{leaf.value - mean, {}, std::vector<std::vector<Run>>(features_.size())};
    for (std::size_t f = 0; f < features_.size(); ++f) {
      const double share = share_of(features_[f], leaf.box, f);
      if (share != 1) covered.parts.emplace_back(f, share);
    }
    for (const std::size_t f : chosen_) {
      const auto holds = [&](std::size_t place) {
        if (!features_[f].is_ordered) return leaf.box.sets[f][place] != 0;
        const double middle = place == kPlaces ? -0.5 : (static_cast<double>(place) + 0.5) / kPlaces;
        return middle >= leaf.box.stretches[f].low && middle < leaf.box.stretches[f].high;
      };
      covered.runs[f] = runs_of(places(f), holds);
    }
    all.push_back(std::move(covered));
  }
  return all;
}

void Pairs::add_to(Grid& grid, const std::vector<Covered>& leaves) const {
  const std::size_t width = places(grid.second);
  for (const Covered& leaf : leaves) {
    double adds = leaf.off;
    for (const auto& [f, share] : leaf.parts)
      if (f != grid.first && f != grid.second) adds *= share;
    for (const Run& rows : leaf.runs[grid.first])
      for (std::size_t row = rows.from; row < rows.to; ++row)
        for (const Run& columns : leaf.runs[grid.second]) add_to_row(&grid.cells[row * width], columns, adds);
  }
}

// Of what is left in the cells when the means of their row and column are taken away.
double Pairs::variance_of(const Grid& grid) const {
  const std::size_t height = places(grid.first), width = places(grid.second);
  std::vector<double> rows(height), columns(width);
  double mean = 0, variance = 0;
  for (std::size_t row = 0; row < height; ++row)
    for (std::size_t column = 0; column < width; ++column) {
      const double cell = grid.cells[row * width + column] / trees_;
      const double here = weight_of_place(grid.first, row), across = weight_of_place(grid.second, column);
      rows[row] += across * cell;
      columns[column] += here * cell;
      mean += here * across * cell;
    }
  for (std::size_t row = 0; row < height; ++row)
    for (std::size_t column = 0; column < width; ++column) {
      const double rest = grid.cells[row * width + column] / trees_ - rows[row] - columns[column] + mean;
      variance += weight_of_place(grid.first, row) * weight_of_place(grid.second, column) * rest * rest;
    }
  return variance;
}

}  // namespace sweep

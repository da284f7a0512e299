// The sum of many terms that take few values, with the bits of a plain loop and in a fraction of its time. Callers:
// normalise.cpp. It knows nothing of data sets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace trainer {

/// `sum += terms[place]`, one place after another.
///
/// A plain loop waits at each addition for the one before. But while the sum lies between two powers of two, a term
/// moves it by a whole number of its last place's units that depends on nothing but the term, unless the term lies
/// halfway between two of them, where the sum's last bit decides. Those numbers are added as integers, row by row; a
/// row that leads past the power of two, or has a term that may lie halfway, is added as the loop would.
///
/// Determinism: the bits of the loop, in double, rounded to nearest even.
class OrderedSum {
 public:
  static constexpr std::size_t kTerms = 256;
  static constexpr std::size_t kMostPlaces = std::size_t{1} << 20;  ///< whose units together fit 64 bits

  /// Requires: no term is negative, all are finite.
  explicit OrderedSum(const std::array<double, kTerms>& terms) : terms_(terms) {}

  /// Adds the terms at places[0], places[stride], … places[(count − 1) · stride].
  void add_row(const std::uint8_t* places, std::size_t count, std::size_t stride);

  /// Adds rows at once: `counts` says how often each term stands in them and in those of `without`, which are no part
  /// of the sum. Returns false, and has added nothing, where they have to be added one by one.
  bool add_counted(std::span<const std::uint32_t, kTerms> counts, std::span<const std::uint8_t* const> without,
                   std::size_t count, std::size_t stride);

  double sum() const { return sum_; }

 private:
  std::uint64_t units_of(const std::uint8_t* places, std::size_t count, std::size_t stride) const;
  bool move(std::uint64_t units);
  void look_at_units();

  std::array<double, kTerms> terms_;
  double sum_ = 0;
  double unit_ = 0;         ///< of the sum's last place; 0: not looked at yet
  bool whole_ = false;      ///< every term moves the sum by a whole number of units, whatever the sum
  std::uint64_t room_ = 0;  ///< units up to the next power of two
  std::array<std::uint64_t, kTerms> units_{};  ///< that each term moves the sum by, where whole_
};

}  // namespace trainer

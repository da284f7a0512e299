// See ordered_sum.h.
#include "trainer/data/ordered_sum.h"

#include <bit>

namespace trainer {
namespace {

constexpr int kFractionBits = 52;
constexpr std::uint64_t kFraction = (std::uint64_t{1} << kFractionBits) - 1;
constexpr std::uint64_t kLeastExponent = 2 * kFractionBits;  // below, a unit might be no normal number
constexpr double kMostUnits = 0x1p43;

}  // namespace

// A stride that is known when this is compiled halves its time.
inline std::uint64_t OrderedSum::units_of(const std::uint8_t* places, std::size_t count, std::size_t stride) const {
  std::uint64_t units = 0;
  if (stride == 1)
    for (std::size_t i = 0; i < count; ++i) units += units_[places[i]];
  else
    for (std::size_t i = 0; i < count; ++i) units += units_[places[i * stride]];
  return units;
}

// False where that leads past the power of two.
bool OrderedSum::move(std::uint64_t units) {
  if (units > room_) return false;
  room_ -= units;
  sum_ += static_cast<double>(units) * unit_;  // both exact
  return true;
}

void OrderedSum::add_row(const std::uint8_t* places, std::size_t count, std::size_t stride) {
  if (whole_ && count <= kMostPlaces && move(units_of(places, count, stride))) return;
  for (std::size_t i = 0; i < count; ++i) sum_ += terms_[places[i * stride]];
  look_at_units();
}

bool OrderedSum::add_counted(std::span<const std::uint32_t, kTerms> counts,
                             std::span<const std::uint8_t* const> without, std::size_t count, std::size_t stride) {
  if (!whole_) return false;
  std::uint64_t units = 0, places = 0;
  for (std::size_t i = 0; i < kTerms; ++i) {
    units += counts[i] * units_[i];
    places += counts[i];
  }
  if (places > kMostPlaces) return false;
  for (const std::uint8_t* const row : without) units -= units_of(row, count, stride);
  return move(units);
}

void OrderedSum::look_at_units() {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(sum_);
  const std::uint64_t exponent = bits >> kFractionBits;
  if (exponent < kLeastExponent) return;
  room_ = kFraction + 1 - (bits & kFraction);
  const double unit = std::bit_cast<double>((exponent - kFractionBits) << kFractionBits);
  if (unit == unit_) return;
  unit_ = unit;
  whole_ = true;
  for (std::size_t i = 0; i < kTerms && whole_; ++i) {
    const double exact = terms_[i] / unit;  // by a power of two
    whole_ = exact < kMostUnits;
    if (!whole_) return;
    const auto below = static_cast<std::uint64_t>(exact);
    const double rest = exact - static_cast<double>(below);
    units_[i] = below + (rest > 0.5 ? 1u : 0u);
    whole_ = rest != 0.5;
  }
}

}  // namespace trainer

// See space.h.
#include "sweep/space/space.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <variant>

#include "core/math_double.h"
#include "sweep/space/distinct.h"

namespace sweep {
namespace {

constexpr WideCount kMostPoints = ~WideCount{0};

// A double in (0, 1) as mantissa · 2^-shift.
struct Fraction {
  std::uint64_t mantissa;
  int shift;
};

Fraction fraction(double u) {
  const auto bits = std::bit_cast<std::uint64_t>(u);
  const int exponent = static_cast<int>(bits >> 52);
  const std::uint64_t digits = bits & 0xfffffffffffffu;
  return exponent == 0 ? Fraction{digits, 1074} : Fraction{digits | 0x10000000000000u, 1075 - exponent};
}

}  // namespace

std::uint64_t floor_of_product(double u, WideCount n) {
  const Fraction f = fraction(u);
  return f.shift > 127 ? 0 : static_cast<std::uint64_t>((f.mantissa * n) >> f.shift);
}

WideCount ceil_of_product(double u, WideCount n) {
  const Fraction f = fraction(u);
  if (f.shift > 127) return 1;
  const WideCount product = f.mantissa * n;
  const WideCount whole = product >> f.shift;
  return whole + ((whole << f.shift) != product ? 1 : 0);
}

Dimension::Dimension(const Parameter& parameter) : name_(parameter.name) {
  struct Prepare {
    Dimension& d;
    void operator()(const Constant& constant) const {
      d.values_ = {constant.value};
      d.distinct_ = {0};
      d.count_ = 1;
    }
    void operator()(const Categorical& categorical) const {
      d.values_ = categorical.values;
      d.distinct_ = distinct_values(d.values_);
      d.count_ = d.distinct_.size();
    }
    void operator()(const IntUniform& range) const {
      d.kind_ = Kind::kInteger;
      d.first_ = range.min;
      d.count_ = WideCount{static_cast<std::uint64_t>(range.max) - static_cast<std::uint64_t>(range.min)} + 1;
    }
    void operator()(const Continuous& range) const {
      const bool linear = range.family == Family::kUniform;
      d.kind_ = linear ? Kind::kUniform : Kind::kLogUniform;
      line(range.first, range.second, linear ? range.first : core::portable::log(range.first),
           linear ? range.second : core::portable::log(range.second));
    }
    void line(double min, double max, double start, double end) const {
      d.min_ = min;
      d.max_ = max;
      d.start_ = start;
      d.length_ = end - start;
    }
  };
  std::visit(Prepare{*this}, parameter.distribution);
}

Value Dimension::at_quantile(double u) const {
  switch (kind_) {
    case Kind::kChoice:
      return {.choice = floor_of_product(u, values_.size())};
    case Kind::kInteger:
      return at_digit(static_cast<std::uint64_t>(ceil_of_product(u, count_) - 1));
    // Rounding may carry the sum one step beyond the end.
    case Kind::kUniform:
      return {.real = std::min(start_ + u * length_, max_)};
    case Kind::kLogUniform:
      return {.real = std::clamp(core::portable::exp(start_ + u * length_), min_, max_)};
  }
  return {.choice = 0};
}

Value Dimension::at_digit(std::uint64_t digit) const {
  if (kind_ == Kind::kChoice) return {.choice = distinct_[digit]};
  return {.integer = static_cast<std::int64_t>(static_cast<std::uint64_t>(first_) + digit)};
}

core::Json Dimension::json(Value value) const {
  switch (kind_) {
    case Kind::kChoice:
      return values_[value.choice];
    case Kind::kInteger:
      return value.integer;
    case Kind::kUniform:
    case Kind::kLogUniform:
      return value.real;
  }
  return nullptr;
}

Space::Space(const std::vector<Parameter>& parameters) {
  dimensions_.reserve(parameters.size());
  for (const Parameter& parameter : parameters) {
    const Dimension& dimension = dimensions_.emplace_back(parameter);
    finite_ = finite_ && dimension.enumerable();
    if (finite_) size_ = size_ > kMostPoints / dimension.count() ? kMostPoints : size_ * dimension.count();
  }
}

std::optional<std::uint64_t> Space::size() const {
  if (!finite_ || size_ > std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  return static_cast<std::uint64_t>(size_);
}

std::string Space::size_text() const {
  if (!finite_) return "infinite";
  if (size_ == kMostPoints) return "more than 2^128";
  std::string digits;
  for (WideCount rest = size_; rest > 0; rest /= 10) digits += static_cast<char>('0' + static_cast<int>(rest % 10));
  std::reverse(digits.begin(), digits.end());
  return digits;
}

void Space::grid_point(std::uint64_t index, std::span<Value> point) const {
  for (std::size_t i = dimensions_.size(); i-- > 0;) {
    const WideCount count = dimensions_[i].count();
    if (count > index) {  // also where no 64 bits hold the count
      point[i] = dimensions_[i].at_digit(index);
      index = 0;
    } else {
      const auto radix = static_cast<std::uint64_t>(count);
      point[i] = dimensions_[i].at_digit(index % radix);
      index /= radix;
    }
  }
}

core::Json Space::config(std::span<const Value> point) const {
  core::Json config = core::Json::object();
  for (std::size_t i = 0; i < dimensions_.size(); ++i) config[dimensions_[i].name()] = dimensions_[i].json(point[i]);
  return config;
}

}  // namespace sweep

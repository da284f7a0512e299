// See dimension.h.
#include "sweep/space/dimension.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <variant>

#include "core/error.h"
#include "core/math_normal.h"
#include "sweep/space/distinct.h"

namespace sweep {
namespace {

namespace portable = core::portable;
using WideInteger = __int128;

constexpr double kLargest = std::numeric_limits<double>::max();
constexpr std::int64_t kLargestInteger = std::numeric_limits<std::int64_t>::max();

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

double finite(double x) { return std::clamp(x, -kLargest, kLargest); }

bool is_whole(double x) { return x == std::trunc(x); }
bool fits_integer(double x) { return x >= -0x1p63 && x < 0x1p63; }

// How many of min, min + q, min + 2q, … as doubles lie below max.
WideCount count_below(double min, double max, double q) {
  const double ratio = (max - min) / q;
  if (!(ratio < 0x1p120)) return ~WideCount{0};
  auto count = static_cast<WideCount>(std::ceil(ratio));
  if (ratio > 0x1p50) return count;
  // The quotient may be rounded to the wrong side of a whole number.
  const auto value = [&](WideCount k) { return min + static_cast<double>(k) * q; };
  while (count > 1 && value(count - 1) >= max) --count;
  if (value(count) < max) ++count;
  return std::max(count, WideCount{1});
}

// The multiple of `step` nearest to x, halves to the even one.
std::int64_t nearest_multiple(double x, std::int64_t step) {
  const std::int64_t most = kLargestInteger / step;
  const double multiple = portable::round_even(x / static_cast<double>(step));
  if (multiple >= static_cast<double>(most)) return most * step;
  if (multiple <= -static_cast<double>(most)) return -most * step;
  return static_cast<std::int64_t>(multiple) * step;
}

double nearest_multiple(double x, double step) {
  const double multiple = portable::round_even(x / step);
  if (std::isinf(multiple)) return x;  // x lies so far out that doubles there are wider apart than q
  const double value = multiple * step;
  return std::isinf(value) ? (multiple < 0 ? multiple + 1 : multiple - 1) * step : value;
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

struct Dimension::Prepare {
  Dimension& d;

  void operator()(const Constant& constant) const { choices({constant.value}); }

  void operator()(const Categorical& categorical) const {
    choices(categorical.values);
    if (!categorical.probabilities.empty()) weigh(categorical.probabilities);
  }

  void operator()(const IntUniform& range) const {
    d.draw_ = Draw::kInteger;
    d.form_ = Form::kInteger;
    d.equally_likely_ = true;
    d.first_ = range.min;
    d.count_ = WideCount{static_cast<std::uint64_t>(range.max) - static_cast<std::uint64_t>(range.min)} + 1;
  }

  void operator()(const Continuous& range) const {
    d.form_ = Form::kReal;
    d.quantum_ = range.quantum;
    switch (range.family) {
      case Family::kUniform:
        line(Draw::kUniform, range, range.first, range.second);
        break;
      case Family::kLogUniform:
        line(Draw::kLogUniform, {range.word, range.family, finite_exp(range.first), finite_exp(range.second)},
             range.first, range.second);
        break;
      case Family::kLogUniformValues:
        line(Draw::kLogUniform, range, portable::log(range.first), portable::log(range.second));
        break;
      case Family::kNormal:
        normal(Draw::kNormal, range);
        break;
      case Family::kLogNormal:
        normal(Draw::kLogNormal, range);
        break;
      case Family::kBeta:
        d.draw_ = Draw::kBeta;
        d.beta_.emplace(range.first, range.second);
        break;
    }
    if (range.quantum) quantise(range);
  }

 private:
  static double finite_exp(double x) { return finite(portable::exp(x)); }

  void choices(std::vector<core::Json> values) const {
    d.equally_likely_ = true;
    d.values_ = std::move(values);
    d.distinct_ = distinct_values(d.values_);
    d.count_ = d.distinct_.size();
    for (const core::Json& value : d.values_) d.texts_.push_back(core::canonical_json(value));
  }

  // Sums in order, of the probabilities as written. The last positive one takes whatever rounding or a sum below 1
  // leaves, so those behind it are cut off.
  void weigh(const std::vector<double>& probabilities) const {
    core::check(probabilities.size() == d.values_.size(), "probabilities that are not one a value");
    d.draw_ = Draw::kWeighted;
    d.equally_likely_ = false;
    d.count_ = 0;
    double sum = 0;
    std::size_t positive = 0;
    for (const double probability : probabilities) {
      d.cumulative_.push_back(sum += probability);
      if (probability > 0) positive = d.cumulative_.size();
    }
    core::check(positive > 0, "probabilities that are all 0");
    d.cumulative_.resize(positive);
    d.cumulative_.back() = std::numeric_limits<double>::infinity();
  }

  void line(Draw draw, const Continuous& bounds, double start, double end) const {
    d.draw_ = draw;
    d.min_ = bounds.first;
    d.max_ = bounds.second;
    d.start_ = start;
    d.length_ = end - start;
  }

  void normal(Draw draw, const Continuous& range) const {
    d.draw_ = draw;
    d.start_ = range.first;
    d.length_ = range.second;
  }

  void quantise(const Continuous& range) const {
    const double step = range.quantum->step;
    const bool uniform = range.family == Family::kUniform;
    if (!range.quantum->integer || !is_whole(step) || !fits_integer(step)) {
      if (uniform) d.count_ = count_below(range.first, range.second, step);
      return;
    }
    d.stride_ = static_cast<std::int64_t>(step);
    if (!uniform) {
      d.form_ = Form::kInteger;
    } else if (is_whole(range.first) && fits_integer(range.first) && std::ceil(range.second) <= 0x1p63) {
      d.form_ = Form::kInteger;
      d.first_ = static_cast<std::int64_t>(range.first);
      const WideInteger length = static_cast<WideInteger>(std::ceil(range.second)) - d.first_;
      d.count_ = static_cast<WideCount>((length + d.stride_ - 1) / d.stride_);
    } else {
      d.count_ = count_below(range.first, range.second, step);
    }
  }
};

Dimension::Dimension(const Parameter& parameter) : name_(parameter.name), path_(parameter.path) {
  std::visit(Prepare{*this}, parameter.distribution);
}

double Dimension::real_at(double u) const {
  switch (draw_) {
    // Rounding may carry the sum one step beyond the end.
    case Draw::kUniform:
      return std::min(start_ + u * length_, max_);
    case Draw::kLogUniform:
      return std::clamp(portable::exp(start_ + u * length_), min_, max_);
    case Draw::kNormal:
      return length_ == 0 ? start_ : finite(start_ + length_ * portable::normal_quantile(u));
    case Draw::kLogNormal:
      return finite(portable::exp(length_ == 0 ? start_ : start_ + length_ * portable::normal_quantile(u)));
    case Draw::kBeta:
      return (*beta_)(u);
    case Draw::kChoice:
    case Draw::kWeighted:
    case Draw::kInteger:
      break;
  }
  core::check(false, "a real number of a parameter that has none");
  return 0;
}

Value Dimension::quantised(double x) const {
  if (form_ == Form::kInteger) return {.integer = nearest_multiple(x, stride_)};
  return {.real = nearest_multiple(x, quantum_->step)};
}

Value Dimension::at_quantile(double u) const {
  switch (draw_) {
    case Draw::kChoice:
      return {.choice = floor_of_product(u, values_.size())};
    case Draw::kWeighted: {
      const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), u);
      return {.choice = static_cast<std::uint64_t>(found - cumulative_.begin())};
    }
    case Draw::kInteger:
      return at_digit(static_cast<std::uint64_t>(ceil_of_product(u, count_) - 1));
    default:
      break;
  }
  const double x = real_at(u);
  return quantum_ ? quantised(x) : Value{.real = x};
}

Value Dimension::at_digit(std::uint64_t digit) const {
  switch (form_) {
    case Form::kChoice:
      return {.choice = distinct_[digit]};
    case Form::kInteger:
      return {.integer = static_cast<std::int64_t>(static_cast<std::uint64_t>(first_) +
                                                   digit * static_cast<std::uint64_t>(stride_))};
    case Form::kReal:
      break;
  }
  return {.real = start_ + static_cast<double>(digit) * quantum_->step};
}

// A range from 0.5 in steps of 1, written as an integer: its draws are whole, its grid is not.
bool Dimension::whole(double real) const {
  return quantum_ && quantum_->integer && is_whole(real) && fits_integer(real);
}

core::Json Dimension::json(Value value) const {
  switch (form_) {
    case Form::kChoice:
      return values_[value.choice];
    case Form::kInteger:
      return value.integer;
    case Form::kReal:
      break;
  }
  return whole(value.real) ? core::Json(static_cast<std::int64_t>(value.real)) : core::Json(value.real);
}

void Dimension::append_json(Value value, std::string& out) const {
  switch (form_) {
    case Form::kChoice:
      out += texts_[value.choice];
      return;
    case Form::kInteger:
      core::append_number(out, value.integer);
      return;
    case Form::kReal:
      break;
  }
  whole(value.real) ? core::append_number(out, static_cast<std::int64_t>(value.real))
                    : core::append_number(out, value.real);
}

}  // namespace sweep

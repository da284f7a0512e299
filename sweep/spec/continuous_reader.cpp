// See continuous_reader.h. Limits keep every value that can be drawn inside a double, or inside 64 bits where `q` is an
// integer.
#include "sweep/spec/continuous_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/math_double.h"

namespace sweep {
namespace {

constexpr double kLargestExponent = 709;  // e^709 is a double, e^710 is not
constexpr double kLargestWholeStep = 0x1p53;

// For messages: 6 digits are enough to recognise a range.
std::string shown(double value) { return fmt::format("{:.6g}", value); }

class ContinuousReader {
 public:
  ContinuousReader(Reading& reading, const Member& parameter, const DistributionForm& form)
      : reading_(reading), parameter_(parameter), form_(form), keys_(keys_of(form.family)) {}

  std::optional<Continuous> read() {
    read_numbers();
    read_quantum();
    if (!good_) return std::nullopt;
    check_limits();
    if (!good_) return std::nullopt;
    warn_of_exponents();
    if (form_.inverse) {
      result_.first = -values_[1];
      result_.second = -values_[0];
    } else {
      result_.first = values_[0];
      result_.second = values_[1];
    }
    result_.word = form_.word;
    result_.family = form_.family;
    return result_;
  }

 private:
  const Member* key(std::size_t i) const { return parameter_.value.find(keys_.names[i]); }

  // The mark of a key's value, or of the parameter where the key has its default.
  Mark mark(std::size_t i) const { return key(i) ? key(i)->value.mark : parameter_.mark; }

  void refuse(Mark mark, std::string problem, std::string remedy = {}) {
    reading_.error(mark, std::move(problem), std::move(remedy));
    good_ = false;
  }

  void read_numbers() {
    for (std::size_t i = 0; i < 2; ++i) {
      if (const Member* member = key(i)) {
        const auto number = reading_.number(*member);
        good_ = good_ && number.has_value();
        if (number && *number == 0 && std::signbit(*number))
          reading_.warn(member->value.mark,
                        fmt::format("'{}' of -0.0 draws what 0.0 draws, and makes another sweep", keys_.names[i]),
                        "write 0.0");
        values_[i] = number.value_or(0);
      } else {
        values_[i] = (*keys_.defaults)[i];
      }
    }
  }

  void read_quantum() {
    if (!form_.quantised) return;
    result_.quantum = Quantum{};
    const Member* q = parameter_.value.find("q");
    if (!q) return;
    const auto step = reading_.number(*q);
    if (!step) {
      good_ = false;
      return;
    }
    result_.quantum = Quantum{*step, q->value.scalar.is_number_integer()};
    if (*step <= 0) {
      refuse(q->value.mark, fmt::format("'q' must be greater than 0, is {}", q->value.describe()));
    } else if (result_.quantum->integer && *step > kLargestWholeStep) {
      refuse(q->value.mark, fmt::format("an integer 'q' is at most 2^53, this is {}", q->value.describe()),
             "write it as a float");
    }
  }

  void check_limits() {
    switch (form_.family) {
      case Family::kUniform:
        if (check_order() && !std::isfinite(values_[1] - values_[0]))
          refuse(mark(1), "'max' - 'min' is too large for a double");
        check_size(std::max(std::abs(values_[0]), std::abs(values_[1])), mark(1));
        return;
      case Family::kLogUniformValues:
        if (values_[0] <= 0)
          refuse(mark(0),
                 fmt::format("'min' of {} must be greater than 0, is {}", form_.word, key(0)->value.describe()));
        check_order();
        check_size(values_[1], mark(1));
        return;
      case Family::kLogUniform:
        return check_exponents();
      case Family::kNormal:
        if (check_sigma()) check_size(std::abs(values_[0]) + kFarthestNormal * values_[1], parameter_.mark);
        return;
      case Family::kLogNormal:
        return check_log_normal();
      case Family::kBeta:
        for (std::size_t i = 0; i < 2; ++i)
          if (values_[i] <= 0)
            refuse(mark(i),
                   fmt::format("'{}' must be greater than 0, is {}", keys_.names[i], key(i)->value.describe()));
        check_size(1, parameter_.mark);
        return;
    }
  }

  bool check_order() {
    if (values_[0] < values_[1]) return true;
    refuse_order(reading_, parameter_);
    good_ = false;
    return false;
  }

  bool check_sigma() {
    if (values_[1] >= 0) return true;
    refuse(mark(1), fmt::format("'sigma' must not be negative, is {}", key(1)->value.describe()));
    return false;
  }

  // Every value lies within ± `largest`.
  void check_size(double largest, Mark mark) {
    if (!good_) return;
    if (!std::isfinite(largest))
      return refuse(mark, fmt::format("{} draws values that are too large for a double", form_.word));
    if (!result_.quantum) return;
    const double step = result_.quantum->step;
    const Mark q = parameter_.value.find("q") ? parameter_.value.find("q")->value.mark : parameter_.mark;
    if (!std::isfinite(largest / step) || !std::isfinite(largest + step))
      return refuse(q, fmt::format("'q' {} does not fit values up to {}", shown(step), shown(largest)));
    if (result_.quantum->integer && largest + step >= 0x1p63)
      refuse(q,
             fmt::format("an integer 'q' gives integers of 64 bits, but {} draws up to {}", form_.word, shown(largest)),
             fmt::format("write {:.1f} for floats", step));
  }

  void check_exponents() {
    for (std::size_t i = 0; i < 2; ++i)
      if (std::abs(values_[i]) > kLargestExponent)
        refuse(mark(i),
               fmt::format("'{}' of {} is a natural exponent and may be {} to {}, is {}", keys_.names[i], form_.word,
                           -kLargestExponent, kLargestExponent, key(i)->value.describe()),
               form_.inverse ? "use inv_log_uniform_values for bounds that are values"
                             : "use log_uniform_values for bounds that are values");
    if (good_ && check_order()) check_size(core::portable::exp(values_[1]), mark(1));
  }

  void check_log_normal() {
    if (!check_sigma()) return;
    const double exponent = values_[0] + kFarthestNormal * values_[1];
    if (exponent > kLargestExponent)
      return refuse(parameter_.mark,
                    fmt::format("{} draws up to e^{}, which is too large for a double", form_.word, shown(exponent)),
                    "'mu' and 'sigma' are those of the logarithm");
    check_size(core::portable::exp(exponent), parameter_.mark);
  }

  void warn_of_exponents() {
    if (form_.family != Family::kLogUniform) return;
    const double low = core::portable::exp(form_.inverse ? -values_[1] : values_[0]);
    const double high = core::portable::exp(form_.inverse ? -values_[0] : values_[1]);
    reading_.warn(parameter_.mark,
                  fmt::format("the bounds of {} are natural exponents: '{}' is drawn from {} to {}", form_.word,
                              parameter_.key, shown(low), shown(high)),
                  fmt::format("write {}_values with values as bounds", form_.word));
  }

  Reading& reading_;
  const Member& parameter_;
  const DistributionForm& form_;
  FamilyKeys keys_;
  std::array<double, 2> values_{};
  Continuous result_;
  bool good_ = true;
};

}  // namespace

void refuse_order(Reading& reading, const Member& parameter) {
  const Member& max = *parameter.value.find("max");
  const Node& min = parameter.value.find("min")->value;
  reading.error(max.value.mark,
                fmt::format("'max' must be greater than 'min', but {} is not greater than {}", max.value.describe(),
                            min.describe()),
                min.scalar == max.value.scalar ? "write 'value' for a constant" : "exchange them");
}

std::optional<Continuous> read_continuous(Reading& reading, const Member& parameter, const DistributionForm& form) {
  return ContinuousReader(reading, parameter, form).read();
}

}  // namespace sweep

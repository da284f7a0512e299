// See whole_number.h.
#include "sweep/commands/whole_number.h"

#include <fmt/format.h>

#include <charconv>

namespace sweep {

CLI::Validator whole_number(std::uint64_t min, std::uint64_t max) {
  const auto complaint = [min, max](const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc() && end == text.data() + text.size() && value >= min && value <= max;
    return good ? std::string() : fmt::format("'{}' is not a whole number from {} to {}", text, min, max);
  };
  return CLI::Validator([complaint](std::string& text) { return complaint(text); }, "");
}

CLI::Validator share() {
  const auto complaint = [](const std::string& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc() && end == text.data() + text.size() && value > 0 && value <= 1;
    return good ? std::string() : fmt::format("'{}' is not a number above 0 and up to 1", text);
  };
  return CLI::Validator([complaint](std::string& text) { return complaint(text); }, "");
}

}  // namespace sweep

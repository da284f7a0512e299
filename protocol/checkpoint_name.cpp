// See name.h.
#include "protocol/checkpoint_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/suggest.h"

namespace protocol {
namespace {

// A name of them stays below the 255 bytes that a file's name may have.
constexpr int kWidest = 20;
constexpr std::size_t kLongestNumber = 32;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._-+=").find(c) != std::string_view::npos;
}

bool is_width(std::string_view text) {
  int width = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), width);
  return text.size() <= 2 && error == std::errc() && end == text.data() + text.size() && width >= 0 && width <= kWidest;
}

// As `format` says, or with an exponent where that would take too many digits.
std::string metric_text(const std::string& format, double value) {
  std::string text = fmt::format(fmt::runtime(format), value);
  return text.size() <= kLongestNumber ? text : fmt::format("{:.4e}", value);
}

bool fits_integer(std::string_view spec) {
  if (!spec.ends_with('d')) return false;
  spec.remove_suffix(1);
  if (spec.starts_with('0')) spec.remove_prefix(1);
  return spec.empty() || is_width(spec);
}

bool fits_metric(std::string_view spec) {
  if (!spec.starts_with('.') || !(spec.ends_with('f') || spec.ends_with('e'))) return false;
  return is_width(spec.substr(1, spec.size() - 2));
}

}  // namespace

NameTemplate::NameTemplate(std::string_view text, const std::vector<std::string>& metrics, std::string_view place) {
  std::vector<std::string> known = metrics;
  known.insert(known.end(), {"step", "epoch"});
  const auto refuse = [&](std::string problem, std::string remedy) {
    throw core::UserError(std::string(place), std::move(problem), std::move(remedy));
  };
  if (text.empty() || text.size() > 100)
    refuse("is not a name of 1 to 100 characters", "write one such as {epoch:02d}");
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '{') {
      if (!is_plain(text[at]))
        refuse(fmt::format("has '{}' in a file's name", text[at]), "write letters, digits, or one of . _ - + =");
      if (parts_.empty() || !parts_.back().field.empty()) parts_.emplace_back();
      parts_.back().text += text[at++];
      continue;
    }
    const std::size_t end = text.find('}', at);
    if (end == std::string_view::npos) refuse("has a '{' without '}'", "close it");
    const std::string_view inside = text.substr(at + 1, end - at - 1);
    const std::size_t colon = std::min(inside.find(':'), inside.size());
    const std::string field(inside.substr(0, colon));
    const std::string_view spec = colon < inside.size() ? inside.substr(colon + 1) : std::string_view();
    const bool integer = field == "step" || field == "epoch";
    if (std::find(known.begin(), known.end(), field) == known.end()) {
      const auto nearest = core::nearest_word(field, known);
      refuse("has no '{" + field + "}'",
             nearest ? "did you mean '{" + *nearest + "}'?" : "there are {step}, {epoch} and metrics");
    }
    if (colon < inside.size() && !(integer ? fits_integer(spec) : fits_metric(spec)))
      refuse("cannot write '{" + std::string(inside) + "}'",
             integer ? "write it as {" + field + ":02d}" : "write it as {" + field + ":.4f}");
    parts_.push_back({{}, field, colon < inside.size() ? "{:" + std::string(spec) + "}" : std::string("{}")});
    at = end + 1;
  }
}

std::string NameTemplate::render(const NameFields& fields) const {
  std::string name;
  for (const Part& part : parts_) {
    if (part.field.empty()) {
      name += part.text;
    } else if (part.field == "step" || part.field == "epoch") {
      name += fmt::format(fmt::runtime(part.format), part.field == "step" ? fields.step : fields.epoch);
    } else {
      const auto found = fields.metrics.find(part.field);
      name += found == fields.metrics.end() ? "none" : metric_text(part.format, found->second);
    }
  }
  return name;
}

}  // namespace protocol

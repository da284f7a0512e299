// See metric_pattern.h.
#include "sweep/spec/metric_pattern.h"

#include <re2/re2.h>

#include <algorithm>

#include "core/error.h"

namespace sweep {
namespace {

constexpr char kPlace[] = "read_metrics.pattern";

bool is_group_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_/.-").find(c) != std::string_view::npos;
  });
}

/// A pattern whose groups are named g0, g1, … for RE2, and the names that they had.
struct Renamed {
  std::string expression;
  std::vector<std::string> names;
};

// RE2 knows (?P<name>…) only, and fewer letters in a name. Escapes and character classes are passed over; (?:, (?= and
// their like are left for RE2 to take or to refuse.
Renamed with_plain_names(std::string_view pattern) {
  Renamed out;
  bool in_class = false;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    out.expression += c;
    if (c == '\\' && at + 1 < pattern.size()) {
      out.expression += pattern[++at];
    } else if (c == '[' || c == ']') {
      in_class = c == '[';
    } else if (c == '(' && !in_class) {
      const std::string_view rest = pattern.substr(at + 1);
      const std::size_t begin = rest.starts_with("?P<") ? 3 : 2;
      if (begin == 2 && !rest.starts_with("?<")) continue;
      const std::string_view name = rest.substr(begin, rest.find('>') - begin);
      if (!is_group_name(name)) continue;
      out.expression += "?P<g" + std::to_string(out.names.size()) + ">";
      out.names.emplace_back(name);
      at += begin + name.size() + 1;
    }
  }
  return out;
}

}  // namespace

MetricPattern::MetricPattern(const std::string& pattern) {
  const Renamed renamed = with_plain_names(pattern);
  RE2::Options options;
  options.set_log_errors(false);
  expression_ = std::make_unique<RE2>(renamed.expression, options);
  if (!expression_->ok())
    throw core::UserError(kPlace, "the pattern is no regular expression: " + expression_->error(),
                          "groups are named (?<name>…), there is no look-around and no back-reference");
  const auto& numbers = expression_->NamedCapturingGroups();
  for (std::size_t i = 0; i < renamed.names.size(); ++i) {
    const auto number = numbers.find("g" + std::to_string(i));
    if (number == numbers.end()) continue;  // RE2 saw a literal there
    const std::string& name = renamed.names[i];
    if (std::find(groups_.begin(), groups_.end(), name) != groups_.end())
      throw core::UserError(kPlace, "two groups of the pattern are named '" + name + "'",
                            "give each a name of its own");
    groups_.push_back(name);
    numbers_.push_back(static_cast<std::size_t>(number->second));
  }
  if (groups_.empty())
    throw core::UserError(kPlace, "the pattern has no named group",
                          "name what is to be read, as in 'accuracy (?<val_accuracy>\\S+)'");
}

MetricPattern::~MetricPattern() = default;
MetricPattern::MetricPattern(MetricPattern&&) noexcept = default;
MetricPattern& MetricPattern::operator=(MetricPattern&&) noexcept = default;

void MetricPattern::match(std::string_view line,
                          const std::function<void(const std::string&, std::string_view)>& found) const {
  std::vector<re2::StringPiece> parts(1 + static_cast<std::size_t>(expression_->NumberOfCapturingGroups()));
  const re2::StringPiece text(line.data(), line.size());
  if (!expression_->Match(text, 0, line.size(), RE2::UNANCHORED, parts.data(), static_cast<int>(parts.size()))) return;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const re2::StringPiece& part = parts[numbers_[i]];
    if (part.data() != nullptr) found(groups_[i], {part.data(), part.size()});
  }
}

}  // namespace sweep

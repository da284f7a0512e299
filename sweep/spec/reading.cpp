// See reading.h.
#include "sweep/spec/reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/suggest.h"

namespace sweep {

namespace {

// The word that shares the longest beginning with `typed`, three letters at least: "maximum" is meant as "maximize".
std::optional<std::string> same_beginning(std::string_view typed, std::span<const std::string> words) {
  std::optional<std::string> best;
  std::size_t longest = 2;
  for (const std::string& word : words) {
    const auto ends = std::mismatch(typed.begin(), typed.end(), word.begin(), word.end());
    const auto length = static_cast<std::size_t>(ends.first - typed.begin());
    if (length > longest) {
      longest = length;
      best = word;
    }
  }
  return best;
}

// The keys that one may write.
std::vector<std::string> names(std::span<const Key> keys) {
  std::vector<std::string> list;
  for (const Key& key : keys)
    if (key.support == Support::kRead) list.emplace_back(key.name);
  return list;
}

}  // namespace

std::string suggest(std::string_view typed, std::span<const std::string> words) {
  auto near = core::nearest_word(typed, words);
  if (!near) near = same_beginning(typed, words);
  if (near) return "did you mean '" + *near + "'?";
  std::string list = "use ";
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) list += i + 1 == words.size() ? " or " : ", ";
    list += words[i];
  }
  return list;
}

void Reading::error(Mark mark, std::string problem, std::string remedy) {
  errors_.push_back({mark, document_.problem_at(mark, std::move(problem), std::move(remedy))});
}

void Reading::warn(Mark mark, std::string problem, std::string remedy) {
  warnings_.push_back({mark, document_.problem_at(mark, std::move(problem), std::move(remedy))});
}

std::vector<core::Problem> Reading::in_order(std::vector<Finding> findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::pair(a.mark.line, a.mark.column) < std::pair(b.mark.line, b.mark.column);
  });
  std::vector<core::Problem> problems;
  for (Finding& finding : findings) problems.push_back(std::move(finding.problem));
  return problems;
}

void Reading::throw_errors() const {
  if (!errors_.empty()) throw core::UserError(in_order(errors_));
}

std::vector<core::Problem> Reading::warnings() const { return in_order(warnings_); }

bool Reading::expect_object(const Member& member) {
  if (member.value.is_object()) return true;
  error(member.value.mark, fmt::format("'{}' must be an object, is {}", member.key, member.value.describe()),
        member.value.kind == Node::Kind::kScalar && member.value.scalar.is_null() ? "write its keys inside it, indented"
                                                                                  : "");
  return false;
}

void Reading::check_keys(const Node& object, std::span<const Key> keys, std::string_view of) {
  for (const Member& member : object.members) {
    const auto known = std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return key.name == member.key; });
    if (known == keys.end()) {
      error(member.mark, fmt::format("unknown key '{}' {}", member.key, of), suggest(member.key, names(keys)));
    } else if (known->support == Support::kLater) {
      error(member.mark, fmt::format("the key '{}' {} is not supported yet", member.key, of),
            std::string(known->remedy));
    }
  }
}

std::optional<std::string> Reading::text(const Member& member) {
  const core::Json& value = member.value.scalar;
  if (value.is_string() && !value.get_ref<const std::string&>().empty()) return value.get<std::string>();
  error(member.value.mark,
        fmt::format("'{}' must be a string, is {}", member.key, value.is_string() ? "empty" : member.value.describe()));
  return std::nullopt;
}

std::optional<std::uint64_t> Reading::count(const Member& member, std::uint64_t min, std::uint64_t max) {
  const core::Json& value = member.value.scalar;
  std::optional<std::uint64_t> found;
  if (value.is_number_unsigned()) found = value.get<std::uint64_t>();
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (number >= 0 && number < 0x1p64 && number == std::floor(number)) found = static_cast<std::uint64_t>(number);
  }
  if (found && *found >= min && *found <= max) return found;
  const std::string limit = max == std::numeric_limits<std::uint64_t>::max() && min > 0
                                ? fmt::format("of at least {}", min)
                                : fmt::format("from {} to {}", min, max);
  error(member.value.mark,
        fmt::format("'{}' must be an integer {}, is {}", member.key, limit, member.value.describe()));
  return std::nullopt;
}

std::optional<double> Reading::number(const Member& member) {
  const core::Json& value = member.value.scalar;
  if (value.is_number() && std::isfinite(value.get<double>())) return value.get<double>();
  error(member.value.mark, fmt::format("'{}' must be a {}number, is {}", member.key, value.is_number() ? "finite " : "",
                                       member.value.describe()));
  return std::nullopt;
}

std::optional<bool> Reading::truth(const Member& member) {
  if (member.value.scalar.is_boolean()) return member.value.scalar.get<bool>();
  error(member.value.mark, fmt::format("'{}' must be true or false, is {}", member.key, member.value.describe()));
  return std::nullopt;
}

std::optional<std::vector<std::string>> Reading::texts(const Member& member) {
  const Node& list = member.value;
  if (!list.is_list() || list.items.empty()) {
    const bool single = list.scalar.is_string() && list.scalar != "";
    error(list.mark,
          fmt::format("'{}' must be a list of strings, is {}", member.key, list.is_list() ? "empty" : list.describe()),
          single ? "write [" + core::canonical_json(list.scalar) + "]" : "");
    return std::nullopt;
  }
  std::vector<std::string> found;
  for (const Node& item : list.items) {
    if (item.scalar.is_string() && item.scalar != "") {
      found.push_back(item.scalar.get<std::string>());
    } else {
      error(item.mark, fmt::format("an item of '{}' must be a string, is {}", member.key,
                                   item.scalar == "" ? "empty" : item.describe()));
    }
  }
  return found.size() == list.items.size() ? std::optional(found) : std::nullopt;
}

std::optional<std::size_t> Reading::word(const Member& member, std::span<const std::string> words,
                                         std::string_view called) {
  const core::Json& value = member.value.scalar;
  if (!value.is_string()) {
    error(member.value.mark, fmt::format("'{}' must be a word, is {}", member.key, member.value.describe()),
          suggest("", words));
    return std::nullopt;
  }
  const std::string& typed = value.get_ref<const std::string&>();
  const auto found = std::find(words.begin(), words.end(), typed);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  error(member.value.mark, fmt::format("'{}' is no {}", typed, called.empty() ? member.key : called),
        suggest(typed, words));
  return std::nullopt;
}

}  // namespace sweep

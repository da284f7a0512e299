// See yaml_diagnosis.h. Each question looks for one mistake that people make; the first that finds it answers.
#include "sweep/spec/yaml_diagnosis.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace sweep {
namespace {

// The quotes of a string.
struct Quoted {
  std::size_t begin;  // of the opening quote
  std::size_t end;    // behind the closing one; npos where there is none
};

class Diagnosis {
 public:
  Diagnosis(const SourceText& source, const YamlState& state, std::size_t at)
      : source_(source), text_(source.text()), state_(state), at_(std::min(at, text_.size())) {}

  core::Problem find() const {
    using Question = std::optional<core::Problem> (Diagnosis::*)() const;
    constexpr Question kQuestions[] = {&Diagnosis::open_string,   &Diagnosis::tab,        &Diagnosis::reserved,
                                       &Diagnosis::escape,        &Diagnosis::alias,      &Diagnosis::after_string,
                                       &Diagnosis::macro_in_flow, &Diagnosis::unclosed,   &Diagnosis::closes_nothing,
                                       &Diagnosis::no_space,      &Diagnosis::no_colon,   &Diagnosis::two_colons,
                                       &Diagnosis::item_on_line,  &Diagnosis::indentation};
    for (const Question question : kQuestions)
      if (auto found = (this->*question)()) return *std::move(found);
    return problem(at_, "this is not valid YAML");
  }

  // The string in quotes with which the last scalar was written, if it was.
  std::optional<Quoted> last_string() const {
    const std::size_t begin = behind_properties(text_, state_.last_scalar);
    if (begin >= text_.size() || (text_[begin] != '\'' && text_[begin] != '"')) return std::nullopt;
    return Quoted{begin, end_of_string(begin)};
  }

  std::optional<core::Problem> open_string() const {
    const auto string = last_string();
    if (!string || string->end != std::string::npos) return std::nullopt;
    return problem(string->begin, "a string has no end", "add the closing quote");
  }

 private:
  core::Problem problem(std::size_t at, std::string what, std::string remedy = {}) const {
    return source_.problem_at(source_.mark_at(at), std::move(what), std::move(remedy));
  }

  std::size_t end_of_string(std::size_t begin) const {
    const char quote = text_[begin];
    for (std::size_t i = begin + 1; i < text_.size(); ++i) {
      if (quote == '"' && text_[i] == '\\') {
        ++i;
      } else if (text_[i] == quote) {
        if (quote == '"' || i + 1 >= text_.size() || text_[i + 1] != quote) return i + 1;
        ++i;
      }
    }
    return std::string::npos;
  }

  std::size_t line_start(std::size_t at) const {
    const std::size_t feed = at == 0 ? std::string::npos : text_.rfind('\n', at - 1);
    return feed == std::string::npos ? 0 : feed + 1;
  }
  std::string_view line(std::size_t at) const {
    const std::size_t start = line_start(at);
    return std::string_view(text_).substr(start, text_.find('\n', start) - start);
  }
  std::size_t first_of_line(std::size_t at) const {
    return std::min(text_.find_first_not_of(' ', line_start(at)), text_.size());
  }
  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool in_flow() const { return !state_.open.empty() && state_.open.back() != YamlState::kNone; }

  std::optional<core::Problem> tab() const {
    const std::size_t first = first_of_line(at_);
    if (in_flow() || first >= text_.size() || text_[first] != '\t') return std::nullopt;
    return problem(first, "a tab indents this line", "use spaces");
  }

  std::optional<core::Problem> reserved() const {
    if (here() != '@' && here() != '`' && here() != '%') return std::nullopt;
    return problem(at_, std::string("a value of YAML cannot begin with '") + here() + "'", "put it in quotes");
  }

  // The parser stops behind the escape, inside a string in double quotes.
  std::optional<core::Problem> escape() const {
    const std::size_t start = line_start(at_);
    const std::size_t slash = at_ == 0 ? std::string::npos : text_.rfind('\\', at_ - 1);
    if (slash == std::string::npos || slash < start || at_ - slash > 10 || text_.rfind('"', slash) == std::string::npos)
      return std::nullopt;
    const char kind = slash + 1 < text_.size() ? text_[slash + 1] : '\0';
    const bool numeric = kind == 'x' || kind == 'u' || kind == 'U';
    if (!numeric &&
        (at_ - slash != 2 || std::string_view("0abt\tnvfre \"/\\N_LP\n").find(kind) != std::string_view::npos))
      return std::nullopt;
    const std::string written = text_.substr(slash, at_ - slash);
    if (numeric) return problem(slash, "'" + written + "' is no character", "write the character itself");
    return problem(slash, "'" + written + "' is no escape of YAML", "a backslash is written \\\\, or in single quotes");
  }

  std::optional<core::Problem> alias() const {
    if (here() != '*' && here() != '&') return std::nullopt;
    const std::string name = text_.substr(at_ + 1, text_.find_first_of(" \t\r\n,[]{}", at_) - at_ - 1);
    if (name.empty())
      return problem(at_, std::string("a name is missing behind '") + here() + "'",
                     "put the value in quotes if it begins so");
    if (here() == '&') return std::nullopt;
    return problem(at_, "no anchor '&" + name + "' stands above", "put the value in quotes if it begins with '*'");
  }

  std::optional<core::Problem> after_string() const {
    const auto string = last_string();
    if (!string || string->end > at_ || here() == ':' || at_ == text_.size()) return std::nullopt;
    if (text_.find_first_not_of(" \t", string->end) != at_) return std::nullopt;
    if (text_.find('\n', string->begin) < string->end)
      return problem(string->begin,
                     "this string ends in line " + std::to_string(source_.mark_at(string->end).line) +
                         " and more text follows it there",
                     "close its quotes where it should end");
    return problem(at_, "text follows the closing quote", "put all of it in quotes, or remove it");
  }

  std::optional<core::Problem> macro_in_flow() const {
    if (!in_flow() || here() != '{' || at_ == 0 || text_[at_ - 1] != '$') return std::nullopt;
    return problem(at_ - 1, "inside [ ] and { } a '${' must stand in quotes", "write \"${...}\", or one item a line");
  }

  std::optional<core::Problem> unclosed() const {
    if (!in_flow()) return std::nullopt;
    const std::size_t begin = state_.open.back();
    const char close = text_[begin] == '[' ? ']' : '}';
    const bool elsewhere = source_.mark_at(begin).line != source_.mark_at(at_).line;
    if (elsewhere || at_ == text_.size())
      return problem(begin, "what begins here has no end", std::string("close it with '") + close + "'");
    return problem(at_, std::string("a ',' or '") + close + "' is missing before this");
  }

  std::optional<core::Problem> closes_nothing() const {
    if (here() != ']' && here() != '}') return std::nullopt;
    return problem(at_, std::string("this '") + here() + "' closes nothing", "remove it, or put the value in quotes");
  }

  // The last line above that holds anything but a comment.
  std::optional<std::size_t> line_above() const {
    for (std::size_t start = line_start(at_); start > 0;) {
      start = line_start(start - 1);
      const std::size_t first = first_of_line(start);
      if (first < text_.size() && text_[first] != '\n' && text_[first] != '\r' && text_[first] != '#') return first;
    }
    return std::nullopt;
  }

  bool is_key_line(std::size_t first) const {
    const std::string_view rest = line(first).substr(first - line_start(first));
    return rest.find(": ") != std::string_view::npos || rest.ends_with(':') || rest.ends_with(":\r");
  }

  // `a:1` above a line of keys.
  std::optional<core::Problem> no_space() const {
    const auto above = line_above();
    if (here() != ':' || !above || is_key_line(*above)) return std::nullopt;
    const std::size_t colon = text_.find(':', *above);
    if (colon >= line_start(*above) + line(*above).size()) return std::nullopt;
    return problem(colon + 1, "a space is missing behind the ':'");
  }

  // A word alone above a line of keys that stands no further left.
  std::optional<core::Problem> no_colon() const {
    const auto above = line_above();
    if (here() != ':' || !above || is_key_line(*above) || text_.compare(*above, 2, "- ") == 0) return std::nullopt;
    if (*above - line_start(*above) > first_of_line(at_) - line_start(at_)) return std::nullopt;
    return problem(*above, "a ':' is missing in this line");
  }

  std::optional<core::Problem> two_colons() const {
    if (here() != ':') return std::nullopt;
    const std::size_t start = first_of_line(at_);
    if (std::string_view(text_).substr(start, at_ - start).find(": ") == std::string_view::npos) return std::nullopt;
    return problem(at_, "a second ':' stands in this line", "put the value in quotes");
  }

  std::optional<core::Problem> item_on_line() const {
    if (here() != '-' || first_of_line(at_) == at_) return std::nullopt;
    return problem(at_, "a list cannot begin on the line of its key", "begin it on the next line, or write [...]");
  }

  std::optional<core::Problem> indentation() const {
    const std::size_t first = first_of_line(at_);
    const auto above = line_above();
    if ((first != at_ && here() != ':') || !above) return std::nullopt;
    const auto spaces = [&](std::size_t place) { return std::to_string(place - line_start(place)); };
    if (spaces(first) == spaces(*above) && text_[first] == '-')
      return problem(first, "a list item stands where a key was expected",
                     "remove the '- ', or indent it below its key");
    if (spaces(first) == spaces(*above) && line(first).find(':') == std::string_view::npos)
      return problem(first, "a ':' is missing in this line");
    return problem(first, "this line is indented by " + spaces(first) + ", which fits nothing above it",
                   "the line above is indented by " + spaces(*above));
  }

  const SourceText& source_;
  const std::string& text_;
  const YamlState& state_;
  std::size_t at_;
};

}  // namespace

std::size_t behind_properties(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == '&' || text[at] == '!'))
    at = text.find_first_not_of(" \t\r\n", text.find_first_of(" \t\r\n", at));
  return at;
}

core::Problem diagnose_yaml(const SourceText& source, const YamlState& state, std::size_t at) {
  return Diagnosis(source, state, at).find();
}

std::optional<core::Problem> open_quote(const SourceText& source, const YamlState& state) {
  return Diagnosis(source, state, source.text().size()).open_string();
}

}  // namespace sweep

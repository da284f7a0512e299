// JSON objects and Python's dicts in a line of output; see printed_line.h. A reader of its own, since both print what
// strict JSON does not know (NaN, single quotes, None) and since only the numbers are wanted.
#include <algorithm>
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/utf8.h"
#include "sweep/program/printed_line.h"

namespace sweep {
namespace {

constexpr int kDeepest = 32;
constexpr std::size_t kLongestName = 256;

class ObjectReader {
 public:
  ObjectReader(std::string_view text, const FoundValue& found) : text_(text), found_(found) {}

  /// The whole text as one object, whatever punctuation follows.
  bool read() {
    if (!value(0)) return false;
    while (at_ < text_.size() && std::string_view(" \t,.;").find(text_[at_]) != std::string_view::npos) ++at_;
    return at_ == text_.size();
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_blanks() {
    while (peek() == ' ' || peek() == '\t') ++at_;
  }
  bool take(char c) {
    skip_blanks();
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  bool value(int depth) {
    skip_blanks();
    switch (peek()) {
      case '{':
        return depth < kDeepest && object(depth);
      case '[':
        return depth < kDeepest && list(']', depth);
      case '(':
        return depth < kDeepest && list(')', depth);
      case '"':
      case '\'': {
        std::string ignored;
        return string(ignored);
      }
      default:
        return scalar(depth);
    }
  }

  bool object(int depth) {
    ++at_;
    if (take('}')) return true;
    const std::size_t outer = name_.size();
    do {
      if (peek_after_blanks() == '}') break;  // a comma may stand at the end, as in Python
      std::string key;
      if (!this->key(key) || !take(':')) return false;
      if (outer > 0) name_ += '.';
      name_ += key;
      if (!value(depth + 1)) return false;
      name_.resize(outer);
    } while (take(','));
    return take('}');
  }

  bool list(char close, int depth) {
    ++at_;
    if (take(close)) return true;
    ++lists_;
    do {
      if (peek_after_blanks() == close) break;
      if (!value(depth + 1)) return false;
    } while (take(','));
    --lists_;
    return take(close);
  }

  bool scalar(int depth) {
    if (const auto number = scan_value(text_.substr(at_))) {
      at_ += number->length;
      if (lists_ == 0 && depth > 0 && !name_.empty() && name_.size() <= kLongestName) found_(name_, number->value);
      return true;
    }
    for (const std::string_view word : {"true", "false", "null", "True", "False", "None"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return true;
    }
    return false;
  }

  bool key(std::string& out) {
    skip_blanks();
    if (peek() == '"' || peek() == '\'') return string(out);
    const std::size_t begin = at_;  // a number, as a dict of Python may have
    while (std::string_view("0123456789+-.").find(peek()) != std::string_view::npos && at_ < text_.size()) ++at_;
    out = text_.substr(begin, at_ - begin);
    return at_ > begin;
  }

  bool string(std::string& out) {
    const std::size_t begin = at_;
    const char quote = text_[at_++];
    bool escapes = false;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\') {
        escapes = true;
        ++at_;
      }
      ++at_;
    }
    if (at_ >= text_.size()) return false;
    const std::string_view quoted = text_.substr(begin, ++at_ - begin);
    out = quoted.substr(1, quoted.size() - 2);
    if (escapes && quote == '"') {
      const core::Json decoded = core::Json::parse(quoted, nullptr, /*allow_exceptions=*/false);
      if (decoded.is_string()) out = decoded.get<std::string>();
    }
    return true;
  }

  char peek_after_blanks() {
    skip_blanks();
    return peek();
  }

  std::string_view text_;
  const FoundValue& found_;
  std::size_t at_ = 0;
  std::string name_;  // of the value that is read, with the names of the objects around it
  int lists_ = 0;     // that are open: what is in them has no name
};

}  // namespace

bool scan_object(std::string_view text, const FoundValue& found) {
  const std::size_t open = text.find('{');
  return open != text.npos && ObjectReader(text.substr(open), found).read();
}

}  // namespace sweep

// See text.h.
#include "trainer/data/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "trainer/data/gzip.h"

namespace trainer {
namespace {

namespace fs = std::filesystem;

constexpr char32_t kLargestCodePoint = 0x10ffff;

// The code points of a file, one by one. Source: RFC 3629, which rules out what is longer than needed and surrogates.
class CodePoints {
 public:
  explicit CodePoints(const fs::path& file) : place_(file.string()), text_(read_plain_or_gzip(file)) {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    if (at_ == text_.size()) throw core::UserError(place_, "is empty");
  }

  const std::string& place() const { return place_; }
  bool at_end() const { return at_ == text_.size(); }
  std::size_t offset() const { return at_; }

  char32_t next() {
    const std::size_t begin = at_;
    const unsigned lead = byte();
    if (lead < 0x80) return lead;
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4) refuse(begin);
    char32_t point = lead & (0x3fu >> more);
    for (int i = 0; i < more; ++i) {
      if (at_end()) refuse(begin);
      const unsigned following = byte();
      if ((following & 0xc0u) != 0x80u) refuse(begin);
      point = point << 6 | (following & 0x3fu);
    }
    constexpr char32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    if (point < kLeast[more] || point > kLargestCodePoint || (point >= 0xd800 && point <= 0xdfff)) refuse(begin);
    return point;
  }

 private:
  unsigned byte() { return static_cast<unsigned char>(text_[at_++]); }
  [[noreturn]] void refuse(std::size_t begin) const {
    throw core::UserError(
        place_, fmt::format("is no UTF-8 at byte {} ({:02x})", begin, static_cast<unsigned char>(text_[begin])));
  }

  std::string place_;
  std::string text_;
  std::size_t at_ = 0;
};

std::vector<char32_t> find_vocabulary(CodePoints text) {
  std::vector<bool> seen(kLargestCodePoint + 1);
  while (!text.at_end()) seen[text.next()] = true;
  std::vector<char32_t> vocabulary;
  for (char32_t point = 0; point <= kLargestCodePoint; ++point)
    if (seen[point]) vocabulary.push_back(point);
  if (vocabulary.size() > static_cast<std::size_t>(kMaxClasses))
    throw core::UserError(text.place(), fmt::format("has {} different characters, at most {} are supported",
                                                    vocabulary.size(), kMaxClasses));
  return vocabulary;
}

std::vector<std::int32_t> find_tokens(CodePoints& text, const std::vector<char32_t>& vocabulary) {
  std::vector<std::int32_t> token_of(vocabulary.back() + 1, -1);
  for (std::size_t i = 0; i < vocabulary.size(); ++i) token_of[vocabulary[i]] = static_cast<std::int32_t>(i);
  std::vector<std::int32_t> tokens;
  while (!text.at_end()) {
    const std::size_t offset = text.offset();
    const char32_t point = text.next();
    if (point >= token_of.size() || token_of[point] < 0)
      throw core::UserError(text.place(), fmt::format("the character U+{:04X} at byte {} is not in the training text",
                                                      static_cast<std::uint32_t>(point), offset));
    tokens.push_back(token_of[point]);
  }
  return tokens;
}

}  // namespace

Dataset load_text(const protocol::DataSet& source) {
  Dataset data;
  data.task = Task::kText;
  CodePoints train(*source.file(protocol::kTrainText));
  data.vocabulary = find_vocabulary(train);
  data.classes = static_cast<int>(data.vocabulary.size());
  data.train.tokens = find_tokens(train, data.vocabulary);
  if (const fs::path* file = source.file(protocol::kTestText)) {
    CodePoints test(*file);
    data.test.emplace().tokens = find_tokens(test, data.vocabulary);
  }
  return data;
}

}  // namespace trainer

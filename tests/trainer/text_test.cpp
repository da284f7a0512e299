// Plain text by character, its windows, and every way in which it is refused.
#include "trainer/data/text.h"

#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/gzip.h"
#include "tests/trainer/message.h"

namespace {

trainer::Dataset load(const TemporaryFolder& folder) {
  return trainer::load_dataset(protocol::locate_data(folder.path().string()));
}

std::string refused(const std::string& text) {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.txt", text).string();
  return message_of([&] { load(folder); }).substr(file.size() + 2);
}

}  // namespace

TEST_CASE("a text's vocabulary is its distinct code points, ascending, and its tokens are their places") {
  const TemporaryFolder folder;
  folder.write("input.txt.gz", gzip("\xef\xbb\xbf"
                                    "b\xc3\xa9"
                                    "a\r\nb\xe2\x82\xac\xf0\x9f\x98\x80"));
  const trainer::Dataset data = load(folder);
  CHECK(data.task == trainer::Task::kText);
  CHECK(data.vocabulary == std::vector<char32_t>{'\n', '\r', 'a', 'b', 0xe9, 0x20ac, 0x1f600});
  CHECK(data.train.tokens == std::vector<std::int32_t>{3, 4, 2, 1, 0, 3, 5, 6});
  CHECK(data.classes == 7);
}

TEST_CASE("a text is cut into windows that share no input, each with the token that follows it") {
  trainer::Dataset data;
  data.task = trainer::Task::kText;
  data.train.tokens = std::vector<std::int32_t>(10, 0);
  trainer::set_context(data, 3, "a.txt");
  CHECK(data.train.count() == 3);
  data.train.tokens.pop_back();
  CHECK(data.train.count() == 2);  // the third lacks its last label
  CHECK(
      message_of([&] { trainer::set_context(data, 5, "a.txt"); }) ==
      "a.txt: the training text has 9 characters, two windows of context 5 need 11, take a smaller context or a longer "
      "text");
}

TEST_CASE("the test text takes the vocabulary of the training text") {
  const TemporaryFolder folder;
  folder.write("train.txt", "abc");
  const auto test = folder.write("test.txt", "cab");
  trainer::Dataset data = load(folder);
  REQUIRE(data.test);
  CHECK(data.test->tokens == std::vector<std::int32_t>{2, 0, 1});
  CHECK(message_of([&] { trainer::set_context(data, 1, "a"); }) == "no error");
  data.train.tokens.assign(20, 0);
  CHECK(message_of([&] { trainer::set_context(data, 3, "a"); }) ==
        "a: the test text has 3 characters, a window of context 3 needs 4, take a smaller context or a longer text");
  folder.write("test.txt", "ca\xc3\xa9");
  CHECK(message_of([&] { load(folder); }) ==
        test.string() + ": the character U+00E9 at byte 2 is not in the training text");
}

TEST_CASE("what is no UTF-8 is refused with the byte") {
  CHECK(refused("") == "is empty");
  CHECK(refused("\xef\xbb\xbf") == "is empty");
  CHECK(refused("ab\xff") == "is no UTF-8 at byte 2 (ff)");
  CHECK(refused("a\x80") == "is no UTF-8 at byte 1 (80)");
  CHECK(refused("a\xc3") == "is no UTF-8 at byte 1 (c3)");
  CHECK(refused("\xc0\x80") == "is no UTF-8 at byte 0 (c0)");
  CHECK(refused("\xe0\x80\x80") == "is no UTF-8 at byte 0 (e0)");
  CHECK(refused("\xed\xa0\x80") == "is no UTF-8 at byte 0 (ed)");
  CHECK(refused("\xf4\x90\x80\x80") == "is no UTF-8 at byte 0 (f4)");
  CHECK(refused("\xe2\x82x") == "is no UTF-8 at byte 0 (e2)");
}

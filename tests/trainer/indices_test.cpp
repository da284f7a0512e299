// The file of indices that says which samples are held out.
#include "trainer/data/indices.h"

#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/message.h"

TEST_CASE("a file of indices is read with the lines on which they stand") {
  const TemporaryFolder folder;
  const trainer::HeldOut held_out = trainer::read_indices(folder.write("validation.indices", "7\n\n 0\r\n12"));
  CHECK(held_out.indices == std::vector<std::uint32_t>{7, 0, 12});
  CHECK(held_out.lines == std::vector<std::size_t>{1, 3, 4});
}

TEST_CASE("a file of indices with a wrong line is refused with each") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& text) {
    const auto file = folder.write("v", text);
    return without(folder.path().string() + "/", message_of([&] { trainer::read_indices(file); }));
  };
  CHECK(refused("1\nx\n-1\n2.0\n1,2\n99999999999\n1\n") ==
        "v:2: 'x' is not the index of a sample, write one a line, from 0\n"
        "v:3: '-1' is not the index of a sample, write one a line, from 0\n"
        "v:4: '2.0' is not the index of a sample, write one a line, from 0\n"
        "v:5: '1' is not the index of a sample, write one a line, from 0\n"
        "v:6: '99999999999' is not the index of a sample, write one a line, from 0\n"
        "v:7: index 1 stands in line 1 already");
  CHECK(refused("\n") == "v: names no sample");
}

TEST_CASE("validation.indices beside the files of any data set belongs to it, and to its digest") {
  const TemporaryFolder folder;
  folder.write("a.csv", "1,0\n2,1\n3,0\n");
  const auto digest = [&] { return protocol::data_digest(protocol::locate_data(folder.path().string())); };
  const std::string before = digest();
  CHECK(trainer::load_dataset(protocol::locate_data(folder.path().string())).held_out.indices.empty());
  folder.write("validation.indices", "1\n");
  CHECK(trainer::load_dataset(protocol::locate_data(folder.path().string())).held_out.indices ==
        std::vector<std::uint32_t>{1});
  CHECK(digest() != before);
}

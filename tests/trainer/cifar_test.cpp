// CIFAR's binary files, and every way in which they are refused.
#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/gzip.h"
#include "tests/trainer/message.h"
#include "trainer/data/dataset.h"

namespace {

// A record whose planes hold the values given, but for the second pixel, which has one more.
std::string record(const std::string& labels, char red, char green, char blue) {
  std::string bytes = labels;
  for (const char plane : {red, green, blue}) {
    bytes += std::string(1024, plane);
    bytes[bytes.size() - 1023] = static_cast<char>(plane + 1);
  }
  return bytes;
}

trainer::Dataset load(const TemporaryFolder& folder) {
  return trainer::load_dataset(protocol::locate_data(folder.path().string()));
}

}  // namespace

TEST_CASE("CIFAR-10's batches become one training part, each pixel's channels side by side") {
  const TemporaryFolder folder;
  folder.write("data_batch_1.bin", record("\3", 10, 20, 30) + record("\1", 1, 2, 3));
  folder.write("data_batch_2.bin.gz", gzip(record("\7", 4, 5, 6)));
  folder.write("test_batch.bin", record(std::string(1, '\0'), 7, 8, 9));
  folder.write("batches.meta.txt", "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
  const trainer::Dataset data = load(folder);
  CHECK(data.image);
  CHECK(std::vector<int>{data.height, data.width, data.channels} == std::vector<int>{32, 32, 3});
  CHECK(data.train.labels == std::vector<std::int32_t>{3, 1, 7});
  CHECK(data.train.features == 3072);
  const auto& pixels = data.train.pixels;
  CHECK(std::vector<std::uint8_t>(pixels.begin(), pixels.begin() + 9) ==
        std::vector<std::uint8_t>{10, 20, 30, 11, 21, 31, 10, 20, 30});
  CHECK(data.classes == 10);
  CHECK(data.class_names[3] == "cat");
  REQUIRE(data.test);
  CHECK(data.test->count() == 1);
}

TEST_CASE("CIFAR-100's class is its fine label") {
  const TemporaryFolder folder;
  folder.write("train.bin", record("\3\x63", 1, 2, 3) + record("\1\2", 1, 2, 3));
  const trainer::Dataset data = load(folder);
  CHECK(data.train.labels == std::vector<std::int32_t>{99, 2});
  CHECK(data.classes == 100);
}

TEST_CASE("CIFAR files that are wrong are refused with the byte") {
  const TemporaryFolder folder;
  const auto file = folder.write("data_batch_1.bin", record("\3", 1, 2, 3) + record("\x0a", 1, 2, 3));
  CHECK(message_of([&] { load(folder); }) ==
        file.string() + ": label 10 at byte 3073 is out of range, expected 0 to 9");
  folder.write("data_batch_1.bin", record("\3", 1, 2, 3) + "x");
  CHECK(message_of([&] { load(folder); }) ==
        file.string() +
            ": holds 3074 bytes, expected whole records of 3073 bytes, the file is cut off, or of another kind");
  folder.write("data_batch_1.bin", "");
  CHECK(message_of([&] { load(folder); }) == file.string() + ": holds 0 bytes, expected whole records of 3073 bytes");
  folder.write("data_batch_1.bin", record("\3", 1, 2, 3) + record("\4", 1, 2, 3));
  const auto names = folder.write("batches.meta.txt", "cat\r\ndog\r\n");
  CHECK(message_of([&] { load(folder); }) == names.string() + ": names 2 classes, expected 10");
  folder.write("data_batch_3.bin", record("\3", 1, 2, 3));
  CHECK(message_of([&] { load(folder); }) ==
        folder.path().string() + ": has no data_batch_2.bin, it belongs to data_batch_3.bin");
}

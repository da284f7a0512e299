// IDX files, plain and packed, and every way in which they are refused.
#include "trainer/data/idx.h"

#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/gzip.h"
#include "tests/trainer/message.h"
#include "trainer/data/dataset.h"
#include "trainer/data/gzip.h"

namespace {

std::string number(std::uint32_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
}

std::string images(std::uint32_t count, std::uint32_t rows, std::uint32_t columns, const std::string& pixels) {
  return number(0x803) + number(count) + number(rows) + number(columns) + pixels;
}

std::string labels(std::uint32_t count, const std::string& values) { return number(0x801) + number(count) + values; }

const std::string kPixels("abcdefgh\xff\0zy", 12);

protocol::DataSet folder_of(const TemporaryFolder& folder) { return protocol::locate_data(folder.path().string()); }

}  // namespace

TEST_CASE("IDX images are read the same plain and packed, in one gzip member or in two") {
  const TemporaryFolder folder;
  const std::string plain = images(2, 2, 3, kPixels);
  const auto check = [&](const std::filesystem::path& file) {
    const trainer::IdxImages read = trainer::read_idx_images(file);
    CHECK(read.count == 2);
    CHECK(read.rows == 2);
    CHECK(read.columns == 3);
    CHECK(std::string(read.pixels.begin(), read.pixels.end()) == kPixels);
  };
  check(folder.write("plain", plain));
  check(folder.write("packed.gz", gzip(plain)));
  check(folder.write("packed", gzip(plain)));
  check(folder.write("members.gz", gzip(plain.substr(0, 9)) + gzip(plain.substr(9))));
}

TEST_CASE("a gzip file that is cut off is refused with the offset, wherever it is cut") {
  const TemporaryFolder folder;
  const std::string packed = gzip(images(2, 2, 3, kPixels));
  for (std::size_t length = 2; length < packed.size(); ++length) {
    const auto file = folder.write("cut.gz", packed.substr(0, length));
    CHECK(message_of([&] { trainer::read_idx_images(file); }) == file.string() +
                                                                     ": the gzip data ends too early, at byte " +
                                                                     std::to_string(length) + ", the file is cut off");
  }
}

TEST_CASE("a gzip file with a changed byte is refused as damaged") {
  const TemporaryFolder folder;
  std::string packed = gzip(images(2, 2, 3, kPixels));
  packed[packed.size() - 6] ^= 1;  // of the checksum
  const auto file = folder.write("damaged.gz", packed);
  CHECK(message_of([&] { trainer::read_idx_images(file); }) == file.string() + ": the gzip data is damaged at byte " +
                                                                   std::to_string(packed.size() - 4) +
                                                                   " (incorrect data check)");
}

TEST_CASE("a file named .gz that is none is refused") {
  const TemporaryFolder folder;
  const auto file = folder.write("plain.gz", images(2, 2, 3, kPixels));
  CHECK(message_of([&] { trainer::read_idx_images(file); }) ==
        file.string() + ": is named .gz but does not begin as gzip does (1f 8b)");
}

TEST_CASE("an IDX header that does not fit is refused") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& bytes) {
    const auto file = folder.write("images", bytes);
    return message_of([&] { trainer::read_idx_images(file); }).substr(file.string().size() + 2);
  };
  CHECK(refused("") == "ends at byte 0, within the IDX header of 16 bytes");
  CHECK(refused(images(2, 2, 3, "").substr(0, 15)) == "ends at byte 15, within the IDX header of 16 bytes");
  CHECK(refused(labels(8, "01234567")) == "begins with 00000801, IDX images begin with 00000803");
  CHECK(refused(images(0, 2, 3, "")) == "the header says 0 images");
  CHECK(refused(images(2, 0, 3, "")) == "the header at byte 8 says images of side 0, expected 1 to 4096");
  CHECK(refused(images(2, 2, 5000, "")) == "the header at byte 12 says images of side 5000, expected 1 to 4096");
  CHECK(refused(images(2, 2, 3, kPixels + "x")) == "the header says 2 images, 12 bytes, but 13 follow it");
  CHECK(refused(images(0x80000000u, 28, 28, kPixels)) ==
        "the header says 2147483648 images, 1683627180032 bytes, but 12 follow it");
  const auto file = folder.write("labels", labels(0x80000000u, "012"));
  CHECK(message_of([&] { trainer::read_idx_labels(file); }) ==
        file.string() + ": the header says 2147483648 labels, 2147483648 bytes, but 3 follow it");
}

TEST_CASE("a folder with the four usual files becomes a data set") {
  const TemporaryFolder folder;
  folder.write("train-images-idx3-ubyte.gz", gzip(images(2, 2, 3, kPixels)));
  folder.write("train-labels-idx1-ubyte", labels(2, std::string("\2\0", 2)));
  folder.write("t10k-images-idx3-ubyte", images(1, 2, 3, "012345"));
  folder.write("t10k-labels-idx1-ubyte.gz", gzip(labels(1, "\1")));
  const trainer::Dataset data = trainer::load_dataset(folder_of(folder));
  CHECK(data.image);
  CHECK(data.classes == 3);
  CHECK(data.train.count() == 2);
  CHECK(data.train.features == 6);
  CHECK(data.train.value(1, 2) == 255.0f);
  CHECK(data.train.labels == std::vector<std::int32_t>{2, 0});
  REQUIRE(data.test);
  CHECK(data.test->labels == std::vector<std::int32_t>{1});
}

TEST_CASE("IDX files that do not belong together are refused") {
  const TemporaryFolder folder;
  folder.write("train-images-idx3-ubyte", images(2, 2, 3, kPixels));
  const auto labels_file = folder.write("train-labels-idx1-ubyte", labels(3, std::string("\0\1\1", 3)));
  CHECK(message_of([&] { trainer::load_dataset(folder_of(folder)); }) ==
        labels_file.string() + ": holds 3 labels for the 2 images of train-images-idx3-ubyte");
  folder.write("train-labels-idx1-ubyte", labels(2, std::string("\0\1", 2)));

  const auto test_images = folder.write("t10k-images-idx3-ubyte", images(2, 2, 2, "01234567"));
  const auto test_labels = folder.write("t10k-labels-idx1-ubyte", labels(2, std::string("\0\2", 2)));
  CHECK(message_of([&] { trainer::load_dataset(folder_of(folder)); }) ==
        test_images.string() + ": has images of 2×2, those of the training file are 2×3");
  folder.write("t10k-images-idx3-ubyte", images(2, 3, 2, kPixels));
  CHECK(message_of([&] { trainer::load_dataset(folder_of(folder)); }) ==
        test_images.string() + ": has images of 3×2, those of the training file are 2×3");
  folder.write("t10k-images-idx3-ubyte", images(2, 2, 3, kPixels));
  CHECK(message_of([&] { trainer::load_dataset(folder_of(folder)); }) ==
        test_labels.string() + ": label 2 at byte 9 is out of range, the training labels go from 0 to 1");
}

TEST_CASE("a single class is nothing to learn") {
  const TemporaryFolder folder;
  const auto file = folder.write("train-images-idx3-ubyte", images(2, 2, 3, kPixels));
  folder.write("train-labels-idx1-ubyte", labels(2, std::string("\0\0", 2)));
  CHECK(message_of([&] { trainer::load_dataset(folder_of(folder)); }) ==
        file.string() + ": has a single class, there must be two or more to tell apart");
}

// NumPy arrays as data sets, .npy and .npz, and every way in which they are refused.
#include "trainer/data/arrays.h"

#include <cmath>

#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/gzip.h"
#include "tests/trainer/message.h"
#include "tests/trainer/numpy_files.h"
#include "trainer/data/npy.h"

namespace {

using trainer::NpyArray;

std::vector<double> numbers(const NpyArray& array) {
  std::vector<double> values;
  for (std::size_t i = 0; i < array.count(); ++i) values.push_back(array.number(i));
  return values;
}

std::string refused_npy(const std::string& bytes) {
  return message_of([&] { NpyArray(bytes, "a.npy"); });
}

trainer::Dataset load(const TemporaryFolder& folder, const protocol::DataOptions& options = {}) {
  return trainer::load_dataset(protocol::locate_data(folder.path().string(), options));
}

std::string refused(const TemporaryFolder& folder, const protocol::DataOptions& options = {}) {
  return without(folder.path().string() + "/", message_of([&] { load(folder, options); }));
}

const protocol::DataOptions kRegression{.regression = true};

const std::string kX = npy("<f4", "(2, 3)", bytes_of<float>({1, 2, 3, 4, 5, 6}));
const std::string kY = npy("|u1", "(2,)", std::string("\1\0", 2));

}  // namespace

TEST_CASE("a .npy is read in every element type, byte order and version") {
  const std::vector<double> wanted{-1, 2};
  CHECK(numbers(NpyArray(npy("<f4", "(2,)", bytes_of<float>({-1, 2})), "a")) == wanted);
  CHECK(numbers(NpyArray(npy("<f8", "(2,)", bytes_of<double>({-1, 2})), "a")) == wanted);
  CHECK(numbers(NpyArray(npy("|i1", "(2,)", bytes_of<std::int8_t>({-1, 2})), "a")) == wanted);
  CHECK(numbers(NpyArray(npy("<i2", "(2,)", bytes_of<std::int16_t>({-1, 2})), "a")) == wanted);
  CHECK(numbers(NpyArray(npy("<i4", "(2,)", bytes_of<std::int32_t>({-1, 2})), "a")) == wanted);
  CHECK(numbers(NpyArray(npy("=i8", "(2,)", bytes_of<std::int64_t>({-1, 2})), "a")) == wanted);
  CHECK(numbers(NpyArray(npy(">i2", "(2,)", std::string("\xff\xff\0\2", 4)), "a")) == wanted);
  CHECK(numbers(NpyArray(npy(">f4", "(2,)", std::string("\xbf\x80\0\0\x40\0\0\0", 8)), "a")) == wanted);
  CHECK(numbers(NpyArray(npy("|u1", "(2,)", "\xff\2"), "a")) == std::vector<double>{255, 2});
  CHECK(numbers(NpyArray(npy("<u8", "(1,)", bytes_of<std::uint64_t>({UINT64_MAX})), "a"))[0] == 0x1p64);
  CHECK(numbers(NpyArray(npy("|b1", "(2,)", std::string("\1\0", 2)), "a")) == std::vector<double>{1, 0});
  for (const int version : {1, 2, 3})
    CHECK(numbers(NpyArray(npy_of("{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"<i2\"}",
                                  bytes_of<std::int16_t>({-1, 2}), version),
                           "a")) == wanted);
}

TEST_CASE("an array in Fortran order reads as the same array in C order") {
  std::vector<float> c(24), fortran(24);
  for (std::size_t i = 0; i < 24; ++i) {
    c[i] = static_cast<float>(i);
    const std::size_t a = i / 12, b = i / 4 % 3, d = i % 4;
    fortran[a + 2 * b + 6 * d] = static_cast<float>(i);
  }
  const NpyArray first(npy("<f4", "(2, 3, 4)", bytes_of(c)), "a");
  const NpyArray second(npy("<f4", "(2, 3, 4)", bytes_of(fortran), true), "a");
  CHECK(numbers(first) == numbers(second));
  CHECK(second.offset_of(1) - second.offset_of(0) == 6 * sizeof(float));
}

TEST_CASE("a .npy whose header is wrong is refused with the byte") {
  const std::string header = "the .npy header is wrong at byte ";
  CHECK(refused_npy("hello") == "a.npy: does not begin as .npy files do (93 'NUMPY')");
  CHECK(refused_npy("\x93NUMPY\1") == "a.npy: ends at byte 7, within the .npy header");
  CHECK(refused_npy(kX.substr(0, 30)) == "a.npy: ends at byte 30, within the .npy header");
  CHECK(refused_npy(npy_of("{}", "", 4)) == "a.npy: is .npy version 4, versions 1 to 3 are known");
  CHECK(refused_npy(npy_of("{", "", 2).substr(0, 11)) == "a.npy: ends at byte 11, within the .npy header");
  CHECK(refused_npy(npy_of("hello", "")) == "a.npy: " + header + "10, expected '{'");
  CHECK(refused_npy(npy_of("{'descr': '<f4'}", "")) ==
        "a.npy: " + header + "26, expected descr, fortran_order and shape, each once");
  CHECK(refused_npy(npy_of("{'descr': '<f4', 'descr': '<f4'}", "")) ==
        "a.npy: " + header + "27, expected descr, fortran_order and shape, each once");
  CHECK(refused_npy(npy_of("{'descr: 1}", "")) == "a.npy: " + header + "11, expected a string that ends");
  CHECK(refused_npy(npy_of("{'descr' '<f4'}", "")) == "a.npy: " + header + "19, expected ':'");
  CHECK(refused_npy(npy_of("{'shape': (2, x)}", "")) == "a.npy: " + header + "24, expected a tuple of at most 8 sizes");
  CHECK(refused_npy(npy_of("{'shape': (-2,)}", "")) == "a.npy: " + header + "21, expected a tuple of at most 8 sizes");
  CHECK(refused_npy(npy_of("{'fortran_order': 1}", "")) == "a.npy: " + header + "28, expected True or False");
  CHECK(refused_npy(npy("<f4", "(1,)", "abcd").insert(10, "  ").substr(0, 70)).find("a.npy: ") == 0);
  CHECK(refused_npy(npy("<f2", "(1,)", "ab")) ==
        "a.npy: holds elements of type '<f2', f4, f8, i1 to i8, u1 to u8 and b1 are known; convert it with astype");
  CHECK(refused_npy(npy("|O", "(1,)", "ab")).find("a.npy: holds elements of type '|O', ") == 0);
}

TEST_CASE("a shape that the bytes do not bear out is refused, however large, before anything is made of it") {
  CHECK(refused_npy(npy("<f4", "(2, 3)", "abcd")) ==
        "a.npy: the header says shape (2, 3) of <f4, but 4 bytes follow it");
  CHECK(refused_npy(npy("<f4", "(1,)", "abcde")) == "a.npy: the header says shape (1,) of <f4, but 5 bytes follow it");
  CHECK(refused_npy(npy("<f8", "(2147483648, 2147483648, 4)", "")) ==
        "a.npy: the header says shape (2147483648, 2147483648, 4) of <f8, but 0 bytes follow it");
  CHECK(refused_npy(npy("<f4", "(0, 3)", "")) == "a.npy: has the shape (0, 3), no element");
  CHECK(refused_npy(npy("<f4", "(99999999999999999999,)", "abcd")).find("a tuple of at most 8 sizes") !=
        std::string::npos);
}

TEST_CASE("four .npy files become a data set, plain or packed") {
  const TemporaryFolder folder;
  folder.write("x_train.npy", kX);
  folder.write("y_train.npy.gz", gzip(kY));
  trainer::Dataset data = load(folder);
  CHECK(data.train.features == 3);
  CHECK(data.train.values == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(data.train.labels == std::vector<std::int32_t>{1, 0});
  CHECK(data.classes == 2);
  CHECK(!data.image);
  CHECK(!data.test);
  folder.write("x_test.npy", npy("<f8", "(1, 3)", bytes_of<double>({7, 8, 9})));
  folder.write("y_test.npy", npy("<i8", "(1, 1)", bytes_of<std::int64_t>({1})));
  data = load(folder);
  REQUIRE(data.test);
  CHECK(data.test->values == std::vector<float>{7, 8, 9});
  CHECK(data.test->labels == std::vector<std::int32_t>{1});
}

TEST_CASE("an .npz gives the same data set as its arrays, stored or deflated, whatever the case of its names") {
  for (const bool deflated : {false, true}) {
    const TemporaryFolder folder;
    folder.write("set.npz", zip_of({{"Y.npy", kY}, {"X.npy", kX}, {"notes.npy", "anything"}}, deflated));
    const trainer::Dataset data = load(folder);
    CHECK(data.train.values == std::vector<float>{1, 2, 3, 4, 5, 6});
    CHECK(data.train.labels == std::vector<std::int32_t>{1, 0});
    CHECK(!data.test);
  }
  const TemporaryFolder folder;
  const auto file = folder.write(
      "mnist.npz", zip_of({{"x_test.npy", kX}, {"x_train.npy", kX}, {"y_train.npy", kY}, {"y_test.npy", kY}}, true));
  const trainer::Dataset data = trainer::load_dataset(protocol::locate_data(file.string()));
  REQUIRE(data.test);
  CHECK(data.test->labels == data.train.labels);
}

TEST_CASE("arrays of three or four dimensions are images, and bytes stay bytes") {
  const TemporaryFolder folder;
  folder.write("x_train.npy", npy("|u1", "(2, 1, 2)", "abcd"));
  folder.write("y_train.npy", kY);
  trainer::Dataset data = load(folder);
  CHECK(data.image);
  CHECK(data.train.pixels == std::vector<std::uint8_t>{'a', 'b', 'c', 'd'});
  CHECK(std::vector<int>{data.height, data.width, data.channels} == std::vector<int>{1, 2, 1});
  folder.write("x_train.npy", npy("<f4", "(2, 1, 1, 2)", bytes_of<float>({1, 2, 3, 4})));
  data = load(folder);
  CHECK(std::vector<int>{data.height, data.width, data.channels} == std::vector<int>{1, 1, 2});
  CHECK(data.train.values == std::vector<float>{1, 2, 3, 4});
}

TEST_CASE("an image of more channels than are supported is refused") {
  const TemporaryFolder folder;
  folder.write("y_train.npy", kY);
  folder.write("x_train.npy", npy("|u1", "(2, 1, 1, 4096)", std::string(2 * 4096, '\1')));
  CHECK(load(folder).channels == 4096);
  folder.write("x_train.npy", npy("|u1", "(2, 1, 1, 4097)", std::string(2 * 4097, '\1')));
  CHECK(refused(folder) == "x_train.npy: has the shape (2, 1, 1, 4097), at most 4096 channels are supported");
}

TEST_CASE("rows of numbers are images where the option image says so") {
  const TemporaryFolder folder;
  folder.write("x_train.npy", kX);
  folder.write("y_train.npy", kY);
  const trainer::Dataset data = load(folder, {.image = {1, 3}});
  CHECK(data.image);
  CHECK(std::vector<int>{data.height, data.width, data.channels} == std::vector<int>{1, 3, 1});
  CHECK(refused(folder, {.image = {2, 2, 3}}) ==
        "x_train.npy: has samples of 3 numbers, an image of 2×2×3 has 12, correct the option 'image'");
}

TEST_CASE("with task regression y holds any numbers") {
  const TemporaryFolder folder;
  folder.write("x_train.npy", kX);
  folder.write("y_train.npy", npy("<f8", "(2,)", bytes_of<double>({-0.5, 2e3})));
  const trainer::Dataset data = load(folder, kRegression);
  CHECK(data.task == trainer::Task::kRegression);
  CHECK(data.train.targets == std::vector<float>{-0.5f, 2000});
  CHECK(data.train.labels.empty());
  CHECK(data.classes == 0);
  CHECK(data.train.count() == 2);
  CHECK(refused(folder) ==
        "y_train.npy: holds <f8, labels are integers, for numbers to predict set the option task: regression");
  folder.write("y_train.npy", npy("<f4", "(2,)", bytes_of<float>({1, NAN})));
  CHECK(refused(folder, kRegression).find("y_train.npy: target 1, at byte ") == 0);
}

TEST_CASE("arrays that do not fit together are refused with file and byte") {
  const TemporaryFolder folder;
  folder.write("x_train.npy", kX);
  CHECK(refused(folder) == folder.path().string() + ": has no y_train.npy, it belongs to x_train.npy");
  folder.write("y_train.npy", npy("|u1", "(3,)", "\1\1\1"));
  CHECK(refused(folder) == "y_train.npy: has 3 entries for the 2 samples of x_train.npy");
  folder.write("y_train.npy", npy("|u1", "(1, 2)", "\1\1"));
  CHECK(refused(folder) == "y_train.npy: has the shape (1, 2), expected (n) or (n, 1)");
  folder.write("y_train.npy", npy("<i4", "(2,)", bytes_of<std::int32_t>({0, -1})));
  const std::string header = npy("<i4", "(2,)", "");
  CHECK(refused(folder) ==
        "y_train.npy: label -1 at byte " + std::to_string(header.size() + 4) + " is out of range, expected 0 to 65535");
  folder.write("y_train.npy", kY);
  folder.write("x_train.npy", npy("<f4", "(2, 1)", bytes_of<float>({1, INFINITY})));
  CHECK(refused(folder) == "x_train.npy: element 1, at byte " + std::to_string(npy("<f4", "(2, 1)", "").size() + 4) +
                               ", is inf, not a finite float");
  folder.write("x_train.npy", npy("|u1", "(1, 1, 1, 2, 1)", "ab"));
  CHECK(refused(folder) ==
        "x_train.npy: has the shape (1, 1, 1, 2, 1), expected (n), (n, features), (n, height, "
        "width) or (n, height, width, channels)");
  folder.write("x_train.npy", kX);
  folder.write("x_test.npy", npy("<f4", "(3,)", bytes_of<float>({1, 2, 3})));
  CHECK(refused(folder) == folder.path().string() + ": has no y_test.npy, it belongs to x_test.npy");
  folder.write("y_test.npy", npy("|u1", "(3,)", "\1\1\2"));
  CHECK(refused(folder) == "x_test.npy: has the shape (3,), the training part has (2, 3)");
  folder.write("x_test.npy", npy("<f4", "(1, 3)", bytes_of<float>({1, 2, 3})));
  folder.write("y_test.npy", npy("|u1", "(1,)", "\2"));
  CHECK(refused(folder) == "y_test.npy: label 2 at byte " + std::to_string(npy("|u1", "(1,)", "").size()) +
                               " is out of range, expected 0 to 1");
}

TEST_CASE("an .npz that cannot be read is refused with the entry") {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& bytes) {
    folder.write("a.npz", bytes);
    return refused(folder);
  };
  const std::string good = zip_of({{"x.npy", kX}, {"y.npy", kY}}, false);
  CHECK(refuse("hello") == "a.npz: is no zip archive that can be read (Not a zip archive), the file may be cut off");
  for (std::size_t length = 1; length < good.size(); length += 7)
    CHECK(refuse(good.substr(0, length)).find("a.npz: is no zip archive that can be read (") == 0);
  CHECK(refuse(zip_of({{"x.npy", kX}}, true)) ==
        "a.npz: has no array y, it holds x, call them x_train, y_train, x_test and y_test, or x and y");
  CHECK(refuse(zip_of({{"x.npy", kX}, {"X.npy", kX}}, true)) ==
        "a.npz: holds two arrays called x, but for the case of letters");
  CHECK(refuse(zip_of({{"x.txt", kX}}, true)) == "a.npz: x.txt: is not a .npy");
  CHECK(refuse(zip_of({{"x.npy", "hello"}, {"y.npy", kY}}, true)) ==
        "a.npz: x.npy: does not begin as .npy files do (93 'NUMPY')");
  std::string damaged = good;
  damaged[damaged.find("\x93NUMPY") + kX.size() - 1] ^= 1;  // an element: only the checksum tells
  CHECK(refuse(damaged) ==
        "a.npz: x.npy: is damaged after " + std::to_string(kX.size()) + " unpacked bytes (CRC error)");
}

TEST_CASE("an entry of an .npz that claims another size than it has is refused as it comes") {
  const TemporaryFolder folder;
  std::string bomb = zip_of({{"x.npy", kX}, {"y.npy", kY}}, true);
  const std::size_t directory = bomb.find("PK\1\2");
  bomb.replace(directory + 24, 4, std::string("\xff\xff\xff\x7f", 4));  // the unpacked size in the central directory
  folder.write("a.npz", bomb);
  const std::string message = refused(folder);
  INFO(message);
  CHECK(message.find("a.npz") == 0);
}

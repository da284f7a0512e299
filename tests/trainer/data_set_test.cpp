// Where a data set's files are found and how its digest is made.
#include "protocol/data_set.h"

#include "core/digest.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/message.h"

TEST_CASE("the digest of a data set is over role and bytes, never over names or places") {
  const TemporaryFolder one, two;
  one.write("iris.csv", "1,a\n2,b\n");
  const auto other = two.write("flowers.csv", "1,a\n2,b\n");
  const std::string digest = protocol::data_digest(protocol::locate_data(one.path().string()));
  CHECK(digest == protocol::data_digest(protocol::locate_data(other.string())));
  CHECK(digest == core::sha256_hex(R"({"train":")" + core::sha256_hex("1,a\n2,b\n") + R"("})"));
  two.write("flowers.csv", "1,a\n2,c\n");
  CHECK(digest != protocol::data_digest(protocol::locate_data(other.string())));
}

TEST_CASE("the digest of a builtin data set is over its name and version") {
  CHECK(protocol::data_digest(protocol::locate_data("builtin:spirals")) ==
        core::sha256_hex(R"({"builtin":"spirals/1"})"));
}

TEST_CASE("a folder may hold train.csv and test.csv beside other tables") {
  const TemporaryFolder folder;
  folder.write("train.csv.gz", "x");
  folder.write("test.csv", "x");
  folder.write("notes.csv", "x");
  const protocol::DataSet data = protocol::locate_data(folder.path().string());
  REQUIRE(data.files.size() == 2);
  CHECK(data.file("train")->filename() == "train.csv.gz");
  CHECK(data.file("test")->filename() == "test.csv");
}

TEST_CASE("what is no data set is refused with what would be one") {
  const TemporaryFolder folder;
  const std::string place = folder.path().string();
  CHECK(message_of([&] { protocol::locate_data(place + "/none"); }) ==
        place + "/none: there is no such data file or folder");
  CHECK(
      message_of([&] { protocol::locate_data(place); }) ==
      place +
          ": holds no data set, expected train-images-idx3-ubyte and train-labels-idx1-ubyte (plain or .gz), one .csv "
          "or .csv.gz, or train.csv and test.csv");
  const auto text = folder.write("notes.txt", "");
  CHECK(message_of([&] { protocol::locate_data(text.string()); }) ==
        text.string() + ": is not a .csv or .csv.gz file, name a CSV file, or the folder that holds the IDX files");
  folder.write("a.csv", "");
  folder.write("b.csv", "");
  CHECK(message_of([&] { protocol::locate_data(place); }) ==
        place + ": holds 2 CSV files: a.csv, b.csv, name one of them, or call them train.csv and test.csv");
  folder.write("train-images-idx3-ubyte", "");
  CHECK(message_of([&] { protocol::locate_data(place); }) ==
        place + ": has no train-labels-idx1-ubyte (nor .gz), it belongs to train-images-idx3-ubyte");
}

TEST_CASE("an unknown builtin data set is answered with the nearest") {
  CHECK(message_of([] { protocol::locate_data("builtin:spiral"); }) ==
        "data: there is no builtin data set 'spiral', did you mean 'builtin:spirals'?");
  CHECK(message_of([] { protocol::locate_data("builtin:cats"); }) ==
        "data: there is no builtin data set 'cats', there are: spirals, images");
}

TEST_CASE("a known data set whose file is not the published one is refused with both digests") {
  const TemporaryFolder folder;
  for (const char* name : {"train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"})
    folder.write(name, "unpacked: not compared");
  const auto file = folder.write("train-images-idx3-ubyte.gz", "changed");
  const protocol::KnownData& known = *protocol::find_known_data("fashion-mnist");
  CHECK(message_of([&] { protocol::check_published(known, protocol::locate_data(folder.path().string())); }) ==
        file.string() + ": is not the published fashion-mnist: sha256 " + core::sha256_hex("changed") +
            ", published 3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84, fetch it again, or name its "
            "folder by path to use it as it is");
  CHECK(protocol::find_known_data("fashion") == nullptr);
}

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
  CHECK(message_of([&] { protocol::locate_data(place); }) ==
        place +
            ": holds no data set, expected train-images-idx3-ubyte and train-labels-idx1-ubyte (plain or .gz), CIFAR's "
            "binary files, one .csv or .csv.gz, train.csv and test.csv, x_train.npy and y_train.npy, one .npz, or one "
            ".txt");
  const auto text = folder.write("notes.md", "");
  CHECK(message_of([&] { protocol::locate_data(text.string()); }) ==
        text.string() +
            ": is not a .csv, .csv.gz, .npz, .txt or .txt.gz file, name one, or the folder that holds IDX, CIFAR "
            "or .npy files");
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
        "data: there is no builtin data set 'cats', there are: spirals, surface, sums, images");
}

TEST_CASE("a known data set whose file is not the published one is refused with both digests") {
  const TemporaryFolder folder;
  for (const char* name : {"train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"})
    folder.write(name, "unpacked: not compared");
  const auto file = folder.write("train-images-idx3-ubyte.gz", "changed");
  const protocol::KnownData& known = *protocol::find_known_data("fashion-mnist");
  CHECK(message_of([&] {
          core::KnownDigests none;
          protocol::check_published(known, protocol::locate_data(folder.path().string()), none);
        }) ==
        file.string() + ": is not the published fashion-mnist: sha256 " + core::sha256_hex("changed") +
            ", published 3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84, fetch it again, or name its "
            "folder by path to use it as it is");
  CHECK(protocol::find_known_data("fashion") == nullptr);
}

TEST_CASE("options are part of a data set's digest, and no options are none") {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.csv", "x,y\n1,2\n").string();
  const auto digest = [&](const protocol::DataOptions& options) {
    return protocol::data_digest(protocol::locate_data(file, options));
  };
  CHECK(digest({}) == core::sha256_hex(R"({"train":")" + core::sha256_hex("x,y\n1,2\n") + R"("})"));
  CHECK(digest({.regression = true}) ==
        core::sha256_hex(R"({"options":{"task":"regression"},"train":")" + core::sha256_hex("x,y\n1,2\n") + R"("})"));
  CHECK(digest({.label = "x"}) != digest({.label = "y"}));
}

TEST_CASE("the same bytes as table and as text are two data sets") {
  const TemporaryFolder folder;
  const auto digest = [&](const char* name) {
    return protocol::data_digest(protocol::locate_data(folder.write(name, "1,2\n3,4\n").string()));
  };
  CHECK(digest("a.csv") != digest("a.txt"));
}

TEST_CASE("a folder's kind is the first that it has files of, IDX and tables before all others") {
  using protocol::DataForm;
  const TemporaryFolder folder;
  const auto form = [&] { return protocol::locate_data(folder.path().string()).form; };
  folder.write("readme.txt", "");
  CHECK(form() == DataForm::kText);
  folder.write("a.npz", "");
  CHECK(form() == DataForm::kNpz);
  folder.write("x_train.npy", "");
  folder.write("y_train.npy", "");
  CHECK(form() == DataForm::kNpy);
  folder.write("train.bin", "");
  CHECK(form() == DataForm::kCifar100);
  folder.write("data_batch_1.bin", "");
  CHECK(form() == DataForm::kCifar10);
  folder.write("a.csv", "");
  CHECK(form() == DataForm::kTable);
}

TEST_CASE("an option that this form of data set does not have is refused") {
  const TemporaryFolder folder;
  const std::string text = folder.write("a.txt", "abc").string();
  CHECK(message_of([&] {
          protocol::locate_data(
              text, {.label = "x", .categorical = {"x"}, .header = true, .regression = true, .image = {1, 2}});
        }) == text + ": option 'label' is for tables, remove it\n" + text +
                  ": option 'categorical' is for tables, remove it\n" + text +
                  ": option 'header' is for tables, remove it\n" + text +
                  ": option 'task' regression is for tables and arrays, remove it\n" + text +
                  ": option 'image' is for tables and arrays, remove it");
  CHECK(message_of([] { protocol::locate_data("builtin:images", {.regression = true}); }) ==
        "builtin:images: option 'task' regression is for tables and arrays, remove it");
}

TEST_CASE("options read back from their JSON, and unknown or ill-typed ones are refused") {
  const protocol::DataOptions all{"price", {"zip"}, true, true, {8, 8, 3}};
  CHECK(protocol::DataOptions::from_json(all.to_json(), "t") == all);
  CHECK(protocol::DataOptions().to_json() == core::Json::object());
  for (const char* wrong : {R"({"labels": "x"})", R"({"label": 1})", R"({"task": "sorting"})", R"({"image": [1]})",
                            R"({"image": [0, 1]})", R"({"header": "yes"})"}) {
    INFO(wrong);
    CHECK(message_of([&] {
            protocol::DataOptions::from_json(core::Json::parse(wrong), "t");
          }).find("of the data set is unknown or of the wrong type") != std::string::npos);
  }
}

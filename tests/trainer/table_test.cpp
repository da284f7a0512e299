// CSV tables: first lines, labels, and every way in which they are refused.
#include "trainer/data/table.h"

#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/gzip.h"
#include "tests/trainer/message.h"

namespace {

trainer::Dataset load(const std::string& text, const protocol::DataOptions& options = {}) {
  const TemporaryFolder folder;
  return trainer::load_dataset(protocol::locate_data(folder.write("table.csv", text).string(), options));
}

// The message with the folder's name taken out.
std::string refused(const std::string& text, const protocol::DataOptions& options = {}) {
  const TemporaryFolder folder;
  const std::string file = folder.write("table.csv", text).string();
  return without(folder.path().string() + "/",
                 message_of([&] { trainer::load_dataset(protocol::locate_data(file, options)); }));
}

using Labels = std::vector<std::int32_t>;
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("without a header the label is the last field") {
  const trainer::Dataset data = load("0.5,1e1,1\n-2,+3,0\n");
  CHECK(data.train.features == 2);
  CHECK(data.train.values == std::vector<float>{0.5f, 10.0f, -2.0f, 3.0f});
  CHECK(data.train.labels == Labels{1, 0});
  CHECK(!data.image);
  CHECK(!data.test);
}

TEST_CASE("a header is found by its names, and the label's column by its name in any case") {
  const trainer::Dataset data = load("Species,width,height\nb,1,2\na,3,4\nb,5,6\n");
  CHECK(data.train.values == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(data.train.labels == Labels{1, 0, 1});
  CHECK(data.class_names == Names{"a", "b"});
  CHECK(load("0,1,target\n5,6,x\n7,8,y\n").train.count() == 2);
}

TEST_CASE("names as labels need no header") {
  const trainer::Dataset data = load("5.1,3.5,Iris-setosa\n4.9,3.0,Iris-virginica\n");
  CHECK(data.train.labels == Labels{0, 1});
  CHECK(data.train.features == 2);
}

TEST_CASE("whole numbers as labels are ordered as numbers, whatever they are") {
  const trainer::Dataset data = load("1,10\n1,2\n1,-1\n1,10\n");
  CHECK(data.train.labels == Labels{2, 1, 0, 2});
  CHECK(data.class_names == Names{"-1", "2", "10"});
}

TEST_CASE("the first line of scikit-learn's files gives rows, columns and class names") {
  const trainer::Dataset data = load("3,2,setosa,versicolor,virginica\n1,2,0\n3,4,0\n5,6,1\n");
  CHECK(data.classes == 3);
  CHECK(data.class_names == Names{"setosa", "versicolor", "virginica"});
  CHECK(data.train.labels == Labels{0, 0, 1});
  CHECK(refused("3,2,a,b\n1,2,0\n3,4,1\n") == "table.csv:1: says 3 rows, but 2 follow");
  CHECK(refused("2,2,a,b\n1,2,0\n3,4,2\n") ==
        "table.csv:3: label '2' is out of range, there are 2 classes, from '0' to '1'");
}

TEST_CASE("the first lines of scikit-learn's training and test file name the same classes in the same order") {
  const TemporaryFolder folder;
  const std::string train = folder.write("train.csv", "2,2,alpha,beta\n1,2,0\n3,4,1\n").string();
  const auto refused_with = [&](const std::string& text) {
    folder.write("test.csv", text);
    return without(folder.path().string() + "/",
                   message_of([&] { trainer::load_dataset(protocol::locate_data(folder.path().string())); }));
  };
  CHECK(refused_with("1,2,alpha,beta\n1,2,0\n") == "no error");
  CHECK(refused_with("1,2,beta,alpha\n1,2,0\n") ==
        "test.csv: its first line calls class 0 'beta', train.csv calls it 'alpha', number the classes as the training "
        "file does");
  CHECK(refused_with("1,2,alpha,beta,gamma\n1,2,0\n") ==
        "test.csv: names 3 classes in its first line, train.csv names 2");
}

TEST_CASE("a number has one sign, and one too near to zero for a double is zero") {
  CHECK(load("1e-400,1\n-1e-400,0\n0." + std::string(400, '0') + "1,1\n").train.values == std::vector<float>{0, 0, 0});
  CHECK(load("1" + std::string(400, '0') + "e-400,1\n2,0\n").train.values == std::vector<float>{1, 2});
  CHECK(refused("1,1\n1e400,0\n1" + std::string(400, '0') + ",1\n").find("table.csv:2: field 1, '1e400', is not a") ==
        0);
  CHECK(refused("1,1\n+-5,0\n") == "table.csv:2: field 1, '+-5', is not a finite number");
  CHECK(refused("2,9223372036854775807,a,b\n1,2,0\n") == "table.csv:2: has 3 fields, expected 4");
}

TEST_CASE("quotes, carriage returns, a byte order mark, blanks and empty lines do not matter") {
  const trainer::Dataset data = load("\xef\xbb\xbf\"a, b\",label\r\n 1 ,\"x \"\"y\"\"\"\r\n\r\n2,z");
  CHECK(data.train.values == std::vector<float>{1, 2});
  CHECK(data.class_names == Names{"x \"y\"", "z"});
}

TEST_CASE("a packed table reads as the plain one, and test.csv takes the classes of train.csv") {
  const TemporaryFolder folder;
  folder.write("train.csv.gz", gzip("x,label\n1,a\n2,c\n"));
  const auto test = folder.write("test.csv", "x,label\n3,c\n");
  const trainer::Dataset data = trainer::load_dataset(protocol::locate_data(folder.path().string()));
  REQUIRE(data.test);
  CHECK(data.test->labels == Labels{1});
  folder.write("test.csv", "x,label\n3,c\n4,b\n");
  CHECK(message_of([&] { trainer::load_dataset(protocol::locate_data(folder.path().string())); }) ==
        test.string() + ":3: label 'b' is out of range, there are 2 classes, from 'a' to 'c'");
}

TEST_CASE("a table that cannot be read is refused with each wrong line") {
  CHECK(refused("") == "table.csv: is empty");
  CHECK(refused("x,label\n") == "table.csv: has no row below its header");
  CHECK(refused("1\n2\n") == "table.csv: has a single column, a row is one number or more, then the label");
  CHECK(refused("1,2,0\n1,2\n1,2,3,1\n") ==
        "table.csv:2: has 2 fields, expected 3\ntable.csv:3: has 4 fields, expected 3");
  CHECK(refused("1,2,0\n1,x,1\n\nnan,2,1\n1,,1\n1e60,2,1\n") ==
        "table.csv:2: field 2, 'x', is not a finite number\n"
        "table.csv:4: field 1, 'nan', stands for a missing value, missing values are not supported\n"
        "table.csv:5: field 2 is empty, missing values are not supported\n"
        "table.csv:6: field 1, '1e60', is not a finite number");
  CHECK(refused("1,0.5\n2,1.5\n") ==
        "table.csv:1: label '0.5' is neither a whole number nor a name (2 such rows), for a number to predict set the "
        "option task: regression");
  CHECK(refused("1,0.5\n2,\n3,4\n") ==
        "table.csv:1: label '0.5' is neither a whole number nor a name, for a number to predict set the option task: "
        "regression\ntable.csv:2: the label is empty");
  CHECK(refused("1,0\n2\n3,0\n") == "table.csv:2: has 1 field, expected 2");
  CHECK(refused("1,a\n2,\n") == "table.csv:2: the label is empty");
  CHECK(refused("1,\"a\n2,b\n") == "table.csv:1: a quoted field that begins here does not end");
  CHECK(refused("class,label,x\n1,2,3\n") ==
        "table.csv: columns 1 and 2 are both named as labels are ('class', 'label'), rename one of them, or "
        "name the column that counts with the option 'label'");
}

TEST_CASE("a first row with a mistake is a mistake, not a header") {
  CHECK(refused("?,1.0,0\n2,3,1\n").find("table.csv:1: ") == 0);
  CHECK(refused("\"1\"x,2,0\n2,3,1\n").find("table.csv:1: text follows a closing quote") == 0);
}

TEST_CASE("at most ten wrong lines are listed") {
  std::string text = "1,2,0\n";
  for (int i = 0; i < 30; ++i) text += "1,0\n";
  const std::string message = refused(text);
  CHECK(std::count(message.begin(), message.end(), '\n') == 9);
}

TEST_CASE("a quoted field may hold commas, quotes and line breaks, and lines are counted on") {
  const trainer::Dataset data = load("x,label\n1,\"a,\nb\"\n2,\"\"\"c\"\"\"\n");
  CHECK(data.class_names == Names{"\"c\"", "a,\nb"});
  CHECK(data.train.labels == Labels{1, 0});
  CHECK(refused("x,label\n1,\"a\n\nb\"\nz,c\n3,c") == "table.csv:5: field 1 ('x'), 'z', is not a finite number");
  CHECK(refused("1,2\n3,4,\"5") == "table.csv:2: a quoted field that begins here does not end");
  CHECK(refused("1,2,a\n3,4,") == "table.csv:2: the label is empty");
}

TEST_CASE("a column without a number is categorical: a feature for each category, sorted by bytes") {
  const trainer::Dataset data = load("x,colour,y,label\n1,red,5,a\n2,blue,6,b\n3,Red,7,a\n");
  CHECK(data.train.features == 5);  // x; Red, blue, red; y
  CHECK(data.train.values == std::vector<float>{1, 0, 0, 1, 5, 2, 0, 1, 0, 6, 3, 1, 0, 0, 7});
}

TEST_CASE("a column of numbers is categorical where the option says so") {
  const trainer::Dataset data = load("zip,label\n10,a\n9,b\n10,b\n", {.categorical = {"zip"}});
  CHECK(data.train.values == std::vector<float>{1, 0, 0, 1, 1, 0});
  CHECK(refused("zip,label\n10,a\n9,b\n", {.categorical = {"zap"}}) ==
        "table.csv: has no column 'zap', did you mean 'zip'?");
  CHECK(
      refused("zip,label\n10,a\n9,b\n", {.categorical = {"label"}}) ==
      "table.csv: column 'label' is the label's, and said to be categorical, a label is a category by itself; take it "
      "out of 'categorical'");
}

TEST_CASE("a category of the test file that no training row has is refused") {
  const TemporaryFolder folder;
  folder.write("train.csv", "c,label\nx,a\ny,b\n");
  const auto test = folder.write("test.csv", "c,label\nx,a\nz,b\n");
  CHECK(message_of([&] { trainer::load_dataset(protocol::locate_data(folder.path().string())); }) ==
        test.string() + ":3: field 1 ('c'), 'z', is a category that no training row has");
}

TEST_CASE("a missing value is refused in numbers and in categories, with its line and column") {
  CHECK(refused("x,c,label\n1,red,a\n?,,b\nNA,NA,a\n") ==
        "table.csv:3: field 1 ('x'), '?', stands for a missing value, missing values are not supported\n"
        "table.csv:3: field 2 ('c') is empty, missing values are not supported\n"
        "table.csv:4: field 1 ('x'), 'NA', stands for a missing value, missing values are not supported\n"
        "table.csv:4: field 2 ('c'), 'NA', stands for a missing value, missing values are not supported");
}

TEST_CASE("a missing label is refused with its line") {
  CHECK(refused("x,label\n1,a\n2,?\n3,NA\n4,nan\n") ==
        "table.csv:3: label '?' stands for a missing value, missing values are not supported\n"
        "table.csv:4: label 'NA' stands for a missing value, missing values are not supported\n"
        "table.csv:5: label 'nan' stands for a missing value, missing values are not supported");
}

TEST_CASE("a column of more than a thousand categories is refused") {
  std::string text = "id,label\n";
  for (int i = 0; i < 1001; ++i) text += "n" + std::to_string(i) + "," + std::to_string(i % 2) + "\n";
  CHECK(refused(text) == "table.csv: field 1 ('id') has more than 1000 categories, take the column out of the file");
}

TEST_CASE("the option label names the label's column, whatever the columns are called") {
  const trainer::Dataset data = load("kind,class,x\n1,2,3\n0,5,6\n", {.label = "kind"});
  CHECK(data.train.labels == Labels{1, 0});
  CHECK(data.train.values == std::vector<float>{2, 3, 5, 6});
  CHECK(refused("kind,x\n1,2\n", {.label = "kin"}) == "table.csv: has no column 'kin', did you mean 'kind'?");
  CHECK(refused("kind,kind\n1,2\n", {.label = "kind"}) == "table.csv: has two columns 'kind', rename one of them");
}

TEST_CASE("the option header decides whether the first line is one") {
  CHECK(load("red,a\nblue,b\n", {.header = false}).train.count() == 2);
  CHECK(load("1,2\n3,4\n5,6\n", {.header = true}).train.count() == 2);
  CHECK(refused("1,2\n3,4\n", {.label = "x", .header = false}) ==
        "table.csv: has no names of columns, so none is 'x', begin the file with a line of names");
}

TEST_CASE("with task regression the label is a finite number to predict") {
  const trainer::Dataset data = load("x,price\n1,0.5\n2,-1e3\n", {.label = "price", .regression = true});
  CHECK(data.task == trainer::Task::kRegression);
  CHECK(data.train.targets == std::vector<float>{0.5f, -1000});
  CHECK(data.train.labels.empty());
  CHECK(data.train.count() == 2);
  CHECK(data.classes == 0);
  CHECK(refused("x,y\n1,a\n2,\n3,inf\n4,1e99\n", {.header = true, .regression = true}) ==
        "table.csv:2: target 'a' is not a finite number (4 such rows), name the column to predict with the option "
        "'label'");
  CHECK(refused("x,y\n1,0\n3,inf\n", {.header = true, .regression = true}) ==
        "table.csv:3: target 'inf' is not a finite number, name the column to predict with the option 'label'");
}

TEST_CASE("a table of another coding or with other line ends is refused by what it is") {
  CHECK(refused(std::string("\xff\xfe"
                            "1\0,\0002\0\n\0",
                            10)) == "table.csv: is UTF-16 text, save it as UTF-8");
  CHECK(refused("\xfe\xff") == "table.csv: is UTF-16 text, save it as UTF-8");
  CHECK(refused(std::string("1\0,\0002\0\n\0", 8)) ==
        "table.csv: has zero bytes, so it is UTF-16 text or no text, save it as UTF-8");
  CHECK(refused("1,2\r3,4\r") == "table.csv:1: has a CR that no LF follows, save the file with lines that end in LF");
  CHECK(refused("1,2\n3,4\r5,6\n") ==
        "table.csv:2: has a CR that no LF follows, save the file with lines that end in LF");
  CHECK(refused("x,label\n1,caf\xe9\n2,b\n") ==
        "table.csv:2: is no UTF-8 at byte 13 of the file (e9), save it as UTF-8");
  CHECK(load("x,label\n1,caf\xc3\xa9\n2,b\n").class_names == Names{"b", "caf\xc3\xa9"});
  CHECK(load("x,label\r\n1,a\r\n\r\n2,\"b\r\"\r").class_names == Names{"a", "b\r"});
}

TEST_CASE("a single sample is nothing to learn from") {
  CHECK(refused("x,y\n1,2\n", {.regression = true}) == "table.csv: has a single sample");
}

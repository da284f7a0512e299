// run, resume and check as a user types them: flags, files that are none, and which sweep is the last one.
#include <sys/stat.h>

#include "core/json.h"
#include "tests/catch.h"
#include "tests/sweep/commands/program.h"

using core::Json;

namespace {

Json trials(const Workplace& place, const std::string& sweep = "") {
  return core::parse_json(place.sweep("report " + sweep + " --json").out, "report")["trials"];
}

std::string sweep_file(const std::string& metric, const std::string& more, const std::string& values = "0.1, 0.01") {
  return R"({"method": "grid", "metric": {"name": ")" + metric + R"(", "goal": "minimize"}, "data": "points.csv",
  "device": "cpu", "parameters": {"hidden": {"value": 4}, "epochs": {"value": 2}, )" +
         more + R"("learning_rate": {"values": [)" + values + "]}}}\n";
}

}  // namespace

TEST_CASE("the flag --seed gives other trials than the file's seed, and the same again for the same number") {
  const Workplace place;
  place.run_points();
  REQUIRE(place.sweep("run points.json --seed 5").code == 0);
  const Json report = core::parse_json(place.sweep("report --json").out, "report");
  CHECK(report["sweep"]["seed"] == 5);
  const Said again = place.sweep("run points.json --seed 5");
  CHECK(again.err == "sweep " + report["sweep"]["id"].get<std::string>() + " is finished, nothing to run\n");
  const Json list = core::parse_json(place.sweep("list --json").out, "list")["sweeps"];
  REQUIRE(list.size() == 2);
  const Json unseeded = trials(place, list[0]["id"]), seeded = trials(place, list[1]["id"]);
  for (std::size_t i = 0; i < 2; ++i) CHECK(unseeded[i]["trial"] != seeded[i]["trial"]);
  CHECK(core::parse_json(place.sweep("check points.json --seed 18446744073709551615 --json").out, "check")["seed"] ==
        UINT64_MAX);
}

TEST_CASE("sweep check reads the data set, says what it holds, and every problem of it") {
  const Workplace place;
  place.write("houses.csv", "zip,size,price\n9000,80,1.5\n9001,120,2.25\n9000,95,1.75\n");
  const auto file = [&](const std::string& data) {
    place.write("houses.yaml", "method: grid\nparameters: {epochs: {values: [1]}}\ndata: " + data + "\n");
  };
  file("{path: houses.csv, label: price, task: regression, categorical: [zip]}");
  const Said right = place.sweep("check houses.yaml");
  CHECK(right.code == 0);
  CHECK(right.out.find("\ndata  3 samples, 3 features, a number to predict\n") != std::string::npos);
  const Json about = core::parse_json(place.sweep("check houses.yaml --json").out, "check");
  CHECK(about["data_set"]["features"] == 3);
  CHECK(about["data_options"]["label"] == "price");

  file("houses.csv");
  const Said wrong = place.sweep("check houses.yaml");
  CHECK(wrong.code == 2);
  CHECK(wrong.err.find("houses.csv:2: label '1.5' is neither a whole number nor a name (3 such rows), for a number to "
                       "predict set the option task: regression\n") != std::string::npos);
  const Said run = place.sweep("run houses.yaml");
  CHECK(run.code == 2);
  CHECK(run.err == wrong.err);
  CHECK_FALSE(std::filesystem::exists(place.path() / "runs"));
  file("{path: houses.csv, label: prize}");
  CHECK(place.sweep("check houses.yaml").err.find("has no column 'prize', did you mean 'price'?") != std::string::npos);
}

TEST_CASE("sweep check warns of what the first trials could not do with the data set") {
  const Workplace place;
  place.write("few.csv", "x,y,label\n1,2,0\n3,4,1\n");
  place.write("few.yaml",
              "method: grid\ndata: few.csv\nparameters:\n  split: {values: [tail, stratified]}\n"
              "  freeze: {value: [layer.0]}\n  validation_fraction: {value: 0.5}\n");
  const Said said = place.sweep("check few.yaml");
  CHECK(said.code == 0);
  CHECK(
      said.err.find("warning: trial #0: config.freeze: there is no layer and no trained tensor 'layer.0', did you mean "
                    "'layers.0'?\n") != std::string::npos);
  CHECK(said.err.find("warning: trial #1: config.split: stratified would hold out nothing: 2 samples in 2 classes") !=
        std::string::npos);
  CHECK(said.out.find("\ndata  2 samples, 2 features, 2 classes\n") != std::string::npos);
  CHECK_FALSE(core::parse_json(place.sweep("check few.yaml --json").out, "check")["data_set"].contains("trials"));
}

TEST_CASE("the flag --slots 1 runs one trial after the other, whatever the machine has") {
  const Workplace place;
  place.write("points.json", sweep_file("val_loss", "", "0.1, 0.2, 0.3, 0.4"));
  REQUIRE(place.sweep("run points.json --slots 1").code == 0);
  for (const char* index : {"0", "1", "2", "3"}) {
    const Json shown = core::parse_json(place.sweep("show '#" + std::string(index) + "' --json").out, "show");
    CHECK(shown["attempts"][0]["slot"] == "cpu:0");
  }
  CHECK(place.sweep("run points.json --slots 0").err ==
        "sweep run: --slots: '0' is not a whole number from 1 to 65536, see 'sweep run --help'\n");
}

TEST_CASE("a sweep that was started by a program that ignores SIGCHLD sees the exits of its trials") {
  const Workplace place;
  place.write("points.json", sweep_file("val_loss", ""));
  REQUIRE(place.sweep("run points.json", "timeout 60 env --ignore-signal=CHLD").code == 0);
  for (const Json& trial : trials(place)) CHECK(trial["outcome"] == "completed");
}

TEST_CASE("the flag --top cuts every form of the table to the first rows") {
  const Workplace place;
  place.run_points();
  const std::string csv = place.sweep("report --format csv").out, top = place.sweep("report --format csv --top 1").out;
  CHECK(csv.starts_with(top));
  CHECK(std::count(top.begin(), top.end(), '\n') == 2);
  CHECK(core::parse_json(place.sweep("report --json --top 1").out, "report")["trials"].size() == 1);
  const std::string table = place.sweep("report --top 1").out;
  CHECK(table.find("\n   1  ") != std::string::npos);
  CHECK(table.find("\n   2  ") == std::string::npos);
  CHECK(place.sweep("report --format csv --top 99").out == csv);
}

TEST_CASE("a data set that is not there is told with the files and digests that are wanted, and nothing runs") {
  const Workplace place;
  std::string text = sweep_file("val_loss", "");
  text.replace(text.find("points.csv"), 10, "fashion-mnist");
  place.write("fashion.json", text);
  const Said said = place.sweep("run fashion.json", "SWEEP_DATA=/no/where");
  const std::string here = place.path().string();
  CHECK(said.code == 2);
  CHECK(said.out.empty());
  CHECK(said.err == "data fashion-mnist: is not at " + here + "/fashion-mnist, " + here +
                        "/data/fashion-mnist, /no/where/fashion-mnist, put it there, or name its folder in SWEEP_DATA\n"
                        "  fashion-mnist/train-images-idx3-ubyte.gz\n"
                        "    sha256 3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84\n"
                        "  fashion-mnist/train-labels-idx1-ubyte.gz\n"
                        "    sha256 a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845\n"
                        "  fashion-mnist/t10k-images-idx3-ubyte.gz\n"
                        "    sha256 346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073\n"
                        "  fashion-mnist/t10k-labels-idx1-ubyte.gz\n"
                        "    sha256 67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5\n");
  CHECK_FALSE(std::filesystem::exists(place.path() / "runs"));
}

TEST_CASE("a sweep file that is a device, a pipe, a folder or far too large is refused at once") {
  const Workplace place;
  REQUIRE(::mkfifo((place.path() / "pipe.json").c_str(), 0600) == 0);
  std::filesystem::create_directory(place.path() / "folder.json");
  place.write("sparse.json", "");
  std::filesystem::resize_file(place.path() / "sparse.json", std::uintmax_t{1} << 40);
  for (const std::string verb : {"check ", "run ", "plan "}) {
    const auto refuses = [&](const std::string& file, const std::string& message) {
      const Said said = place.sweep(verb + file);
      CHECK(said.err == file + ": " + message + "\n");
      CHECK(said.code == 2);
    };
    refuses("/dev/zero", "is a device, a pipe or a socket, name a regular file");
    refuses("pipe.json", "is a device, a pipe or a socket, name a regular file");
    refuses("folder.json", "is a folder, name a file");
    refuses("sparse.json", "has 1099511627776 bytes, at most 67108864 bytes are allowed here");
  }
}

TEST_CASE("data that is a device, a pipe or far too large is refused at once") {
  const Workplace place;
  place.write("points.json", sweep_file("val_loss", ""));
  const std::string data = (place.path() / "points.csv").string();
  std::filesystem::remove(data);
  REQUIRE(::mkfifo(data.c_str(), 0600) == 0);
  const Said pipe = place.sweep("run points.json");
  CHECK(pipe.code == 2);
  CHECK(pipe.err == data + ": is a device, a pipe or a socket, name a regular file\n");
  std::filesystem::remove(data);
  std::filesystem::create_symlink("/dev/zero", data);
  CHECK(place.sweep("run points.json").err == pipe.err);
  std::filesystem::remove(data);
  place.write("points.csv", "");
  std::filesystem::resize_file(data, std::uintmax_t{1} << 40);
  const Said sparse = place.sweep("run points.json");
  CHECK(sparse.code == 2);
  CHECK(sparse.err == data + ": has 1099511627776 bytes, at most 4294967296 bytes are allowed here\n");
}

TEST_CASE("a val_ metric without a validation part is refused before anything runs") {
  const Workplace place;
  place.write("none.json", sweep_file("val_loss", R"("validation_fraction": {"value": 0}, )"));
  const std::string message =
      "none.json:2:116: with 'validation_fraction' 0 there is no 'val_loss', write a number above 0, or rank by "
      "'train_loss'\n";
  for (const char* verb : {"check none.json", "run none.json"}) {
    const Said said = place.sweep(verb);
    CHECK(said.code == 2);
    CHECK(said.err.starts_with(message));
  }
  CHECK_FALSE(std::filesystem::exists(place.path() / "runs"));
  place.write("none.json", sweep_file("train_loss", R"("validation_fraction": {"value": 0}, )"));
  CHECK(place.sweep("run none.json").code == 0);
}

TEST_CASE("a sweep that is run again under another name bears that name, and is the same sweep") {
  const Workplace place;
  place.run_points();
  const auto listed = [&] { return core::parse_json(place.sweep("list --json").out, "list").at("sweeps"); };
  const core::Json before = listed();
  REQUIRE(before.size() == 1);
  core::Json file = core::parse_json(place.read("points.json"), "points.json");
  file["name"] = "renamed";
  place.write("renamed.json", core::canonical_json(file));
  REQUIRE(place.sweep("run renamed.json").code == 0);
  const core::Json after = listed();
  REQUIRE(after.size() == 1);
  CHECK(after[0].at("name") == "renamed");
  CHECK(after[0].at("id") == before[0].at("id"));
  CHECK(place.sweep("list").out.find(" renamed ") != std::string::npos);
  CHECK(core::parse_json(place.sweep("report --json").out, "report").at("sweep").at("name") == "renamed");
  CHECK(place.sweep("report renamed").code == 0);
  CHECK(place.sweep("verify").code == 0);
}

TEST_CASE("the last sweep is the one that was run or gone on with last, and best is its best") {
  const Workplace place;
  place.write("first.json", sweep_file("val_loss", "", "0.1, 0.01, 0.001"));
  place.write("second.json", sweep_file("train_loss", "", "0.5, 0.25"));
  REQUIRE(place.sweep("run first.json").code == 0);
  const std::string first = core::parse_json(place.sweep("list --json").out, "list")["sweeps"][0]["id"];
  // As it is when a controller died before the third trial was over.
  place.sql("DELETE FROM events WHERE trial_index = 2 AND (seq IS NOT NULL OR kind != 'planned')");
  place.sql("UPDATE trials SET phase = 'waiting', outcome = '', attempts = 0 WHERE trial_index = 2");
  const auto last = [&] { return core::parse_json(place.sweep("report --json").out, "report")["sweep"]["id"]; };
  const auto best = [&] { return core::parse_json(place.sweep("show best --json").out, "show")["sweep"]; };

  REQUIRE(place.sweep("run second.json").code == 0);
  CHECK(last() != first);
  CHECK(best() != first);
  REQUIRE(place.sweep("resume " + first).code == 0);
  CHECK(last() == first);
  CHECK(best() == first);
  CHECK(place.sweep("show '#2'").code == 0);  // the second has no such trial
}

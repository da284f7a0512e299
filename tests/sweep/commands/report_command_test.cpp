// report, list, show and logs on a sweep that really ran.
#include "core/json.h"
#include "tests/catch.h"
#include "tests/sweep/commands/shop.h"

using core::Json;

TEST_CASE("a sweep that ran is reported, listed, shown and its output printed") {
  const Workplace place;
  const std::vector<std::string> ids = place.run_points();

  const Said csv = place.sweep("report --format csv");
  CHECK(csv.code == 0);
  CHECK(csv.err.empty());
  CHECK(
      csv.out.starts_with("rank,trial,index,replicate,outcome,val_accuracy,epoch,step,batch_size,epochs,hidden,"
                          "learning_rate\n1,"));
  CHECK(place.sweep("report points --format csv --output table.csv").out.empty());
  CHECK(place.read("table.csv") == csv.out);

  const Json json = core::parse_json(place.sweep("report --json").out, "report");
  CHECK(json["sweep"]["completed"] == 2);
  CHECK(json["sweep"]["name"] == "points");
  const std::string sweep_id = json["sweep"]["id"];
  CHECK(place.sweep("report " + sweep_id.substr(0, 5) + " --format csv").out == csv.out);
  CHECK(place.sweep("report").out.find("\nreplay it: sweep replay ") != std::string::npos);
  CHECK(place.sweep("report", "SWEEP_RUNS=runs").out == place.sweep("report").out);

  const Json list = core::parse_json(place.sweep("list --json").out, "list");
  REQUIRE(list["sweeps"].size() == 1);
  CHECK(list["sweeps"][0]["id"] == sweep_id);
  CHECK(list["sweeps"][0]["ended"] == 2);
  CHECK(place.sweep("list").out.find("points") != std::string::npos);

  const Json shown = core::parse_json(place.sweep("show '#1' --json").out, "show");
  CHECK(shown["trial"] == ids[1]);
  CHECK(shown["outcome"] == "completed");
  CHECK(shown["history"].size() == 2);
  CHECK(shown["attempts"].size() == 1);
  CHECK(shown["provenance"]["machine"]["cpu"]["cores"].get<int>() >= 1);
  for (const std::string& word : {ids[1], ids[1].substr(0, 8), std::string("best")}) {
    const Said said = place.sweep("show " + word);
    CHECK(said.code == 0);
    CHECK(said.out.starts_with("trial "));
  }

  const Json logs = core::parse_json(place.sweep("logs " + ids[0] + " --json").out, "logs");
  CHECK(logs["stderr"].get<std::string>().find("epoch 2/2") != std::string::npos);
  CHECK(place.sweep("logs '#0' --follow").out.find("epoch 2/2") != std::string::npos);
}

TEST_CASE("words that name nothing, or too much, are refused with what would do") {
  const Workplace place;
  const std::vector<std::string> ids = place.run_points();
  CHECK(place.sweep("report pionts").err == "pionts: no such sweep, did you mean 'points'?\n");
  CHECK(place.sweep("show '#7'").err.find("has trials #0 to #1") != std::string::npos);
  CHECK(place.sweep("show '#x'").err == "#x: not an index, write #12 for the trial with index 12\n");
  CHECK(place.sweep("show worst").err ==
        "worst: not a trial, write a prefix of its id, #12 for an index in the last sweep, or best\n");
  CHECK(place.sweep("show 0123456789abcdef").err ==
        "0123456789abcdef: no trial has an id that begins with this, `sweep report` shows them\n");
  CHECK(place.sweep("logs '#0' --attempt 5").err == "--attempt: trial " + ids[0] + " has 1 attempt, count from 0\n");
  for (const char* words : {"report pionts", "show worst", "show '#7'"}) CHECK(place.sweep(words).code == 2);

  place.sql("UPDATE trials SET trial = 'ab00000000000000' WHERE trial_index = 0");
  place.sql("UPDATE trials SET trial = 'ab11111111111111' WHERE trial_index = 1");
  CHECK(place.sweep("show ab").err ==
        "ab: 2 trials have an id that begins with this, write more of it: ab00000000000000, ab11111111111111\n");
}

TEST_CASE("of a draw that came again the output is that of the trial that ran, under either name") {
  const Shop shop(kScript, R"({"method": "random", "run_cap": 3, "metric": {"name": "loss", "goal": "minimize"},
    "command": ["./train.sh", "${args}"], "parameters": {"x": {"distribution": "q_uniform", "min": 0, "max": 0.4, "q": 1}}})");
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  REQUIRE(shop.trial(1).at("repeats") == 0);
  const std::string ran = shop.sweep("logs '#0'").out, id = shop.trial(0).at("trial");
  CHECK(has(ran, "step=1 loss="));
  CHECK(shop.sweep("logs '#1'").out == ran);
  CHECK(shop.sweep("logs " + id).out == ran);
  CHECK(core::parse_json(shop.sweep("show --json " + id).out, "show").at("index") == 0);
  const Json plan = core::parse_json(shop.sweep("plan sweep.json --json --from 2").out, "plan");
  CHECK(plan.at("trials").at(0).at("state") == "repeats #0");
}

TEST_CASE("a printed command names the store that it is of, unless it is the usual one") {
  const Shop shop;
  REQUIRE(shop.sweep("run sweep.json").code == 0);
  CHECK(has(shop.sweep("--runs ./runs report").out, "\nreplay it: sweep replay "));
  CHECK_FALSE(has(shop.sweep("--runs ./runs report").out, "--runs"));
  CHECK(has(shop.sweep("--runs ./runs report", "SWEEP_RUNS=/elsewhere").out, " --runs ./runs\n"));
  CHECK_FALSE(has(shop.sweep("report", "SWEEP_RUNS=./runs").out, "--runs"));
}

TEST_CASE("a metric's name does not reach the terminal as it is") {
  const Shop shop(kScript, R"({"method": "grid", "metric": {"name": "\u001b[31mloss", "goal": "minimize"},
    "command": ["./train.sh", "${args}"], "parameters": {"x": {"values": [1]}}})");
  for (const char* verb : {"check sweep.json", "plan sweep.json"}) {
    const Said said = shop.sweep(verb);
    CHECK_FALSE(has(said.out + said.err, "\x1b"));
  }
}

TEST_CASE("a report ranks by another metric that the trials reported") {
  const Workplace place;
  place.run_points();
  const auto values = [&](const std::string& words, const char* column) {
    std::vector<double> found;
    const Json report = core::parse_json(place.sweep("report --json " + words).out, "report");
    for (const Json& trial : report["trials"]) found.push_back(trial["final"][column].get<double>());
    return found;
  };
  const std::vector<double> by_loss = values("--metric val_loss:minimize:last", "val_loss");
  REQUIRE(by_loss.size() == 2);
  CHECK(by_loss[0] < by_loss[1]);
  const std::vector<double> reversed = values("--metric val_loss:maximize:last", "val_loss");
  CHECK(reversed == std::vector<double>{by_loss[1], by_loss[0]});
  CHECK(place.sweep("report --metric val_loss:minimize --format csv")
            .out.starts_with("rank,trial,index,replicate,outcome,val_loss,epoch,step,"));
  CHECK(place.sweep("report --metric val_loss:minimize").out.find("\nranked by val_loss, the smallest first;") !=
        std::string::npos);
  CHECK(place.sweep("report --metric val_accuracy:maximize --format csv").out ==
        place.sweep("report --format csv").out);

  CHECK(place.sweep("report --metric val_los:minimize").err ==
        "--metric: no trial reported 'val_los', did you mean 'val_loss'?\n");
  CHECK(place.sweep("report --metric speed:minimize").err.starts_with("--metric: no trial reported 'speed', one of: "));
  CHECK(place.sweep("report --metric val_loss").err ==
        "--metric: 'val_loss' names no goal, write NAME:minimize or NAME:maximize, and :last for the last value\n");
  CHECK(place.sweep("report --metric val_loss:minimise").err ==
        "--metric: 'minimise' is no goal, did you mean 'minimize'?\n");
  CHECK(place.sweep("report --metric val_loss:minimise").code == 2);
}

TEST_CASE("a reused result is folded anew under another metric, from the sweep in which it ran") {
  const Workplace place;
  place.run_points();
  const std::string own = place.sweep("report --metric val_loss:minimize --format csv").out;
  Json file = core::parse_json(place.read("points.json"), "points.json");
  file["name"] = "again";
  file["metric"] = {{"name", "val_loss"}, {"goal", "maximize"}};
  place.write("again.json", core::canonical_json(file));
  CHECK(place.sweep("run again.json").code == 0);
  CHECK(place.sweep("report again --metric val_loss:minimize --format csv").out == own);
  CHECK(place.sweep("report again --format csv").out != own);
}

TEST_CASE("a sweep whose first trial was never planned is reported as such") {
  const Workplace place;
  place.run_points();
  place.sql("DELETE FROM events");
  place.sql("DELETE FROM trials");
  const Said table = place.sweep("report");
  CHECK(table.code == 0);
  CHECK(table.out.ends_with("\nno trial has ended yet\n"));
  CHECK(table.err.find(" is planned yet: go on with `sweep resume ") != std::string::npos);
  CHECK(place.sweep("report --format csv --columns rank,hidden").out == "rank,hidden\n");
  CHECK(place.sweep("report --metric val_loss:minimize").err == "--metric: no trial has reported a metric yet\n");
}

TEST_CASE("a sweep with a target is reported, listed and finished by it") {
  const Workplace place;
  const std::vector<std::string> ids = place.run_points();
  place.sql("UPDATE sweeps SET target = 0.0");  // every trial reaches it: the first one ended the sweep
  const Said table = place.sweep("report");
  CHECK(table.out.find("\nended at trial #0: val_accuracy reached the target 0.0\n") != std::string::npos);
  CHECK(table.err == "1 trial ran beyond the end of the sweep and is not ranked: `sweep report --all` lists it\n");
  CHECK(table.out.find(ids[1]) == std::string::npos);
  CHECK(place.sweep("report --all").out.find(ids[1] + "  surplus") != std::string::npos);
  const Json list = core::parse_json(place.sweep("list --json").out, "list");
  CHECK(list["sweeps"][0]["ended"] == 1);
  CHECK(list["sweeps"][0]["wanted"] == 1);
  CHECK(list["sweeps"][0]["ended_at"] == 0);
  CHECK(place.sweep("list").out.find("  1/1  ") != std::string::npos);
  CHECK(place.sweep("show '#1'").out.find("the target was reached at trial #0") != std::string::npos);
  const Said resumed = place.sweep("resume");
  CHECK(resumed.code == 0);
  CHECK(resumed.err.find(" is finished, nothing to run\n") != std::string::npos);
  CHECK(place.sweep("report --metric val_loss:minimize --format csv").out.find(ids[1]) == std::string::npos);
}

TEST_CASE("a sweep with repeats is reported by configuration") {
  const Workplace place;
  place.run_points();
  place.sql("UPDATE sweeps SET repeats = 2");  // both trials as if they were of one configuration
  CHECK(place.sweep("report --format csv")
            .out.starts_with("rank,trial,index,replicate,outcome,val_accuracy,std,n,epoch,step,"));
  const Json report = core::parse_json(place.sweep("report --json").out, "report");
  REQUIRE(report["trials"].size() == 1);
  CHECK(report["trials"][0]["replicates"].size() == 2);
  CHECK(report["trials"][0]["n"] == 2);
  const Json list = core::parse_json(place.sweep("list --json").out, "list");
  CHECK(list["sweeps"][0]["best"]["value"] == report["trials"][0]["value"]);
}

TEST_CASE("a reader that leaves early is no error, a full disk is one") {
  const Workplace place;
  place.run_points();
  const Said left = place.sweep("report --format csv | true; exit ${PIPESTATUS:-0}");
  CHECK(left.err.empty());
  const Said closed = place.sweep("show best >&-");
  CHECK(closed.err.find("internal error") == std::string::npos);
  const std::string full = "report --format csv >/dev/full 2>full.txt; echo $? >code.txt; true";
  place.sweep(full);
  CHECK(place.read("full.txt") == "stdout: cannot be written: No space left on device\n");
  CHECK(place.read("code.txt") == "4\n");
}

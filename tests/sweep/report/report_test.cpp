// Text table, CSV and JSON against golden files, and the rules behind them.
#include "sweep/report/report.h"

#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/json.h"
#include "tests/catch.h"
#include "tests/sweep/rank/sample_study.h"
#include "tests/sweep/report/golden.h"

using core::Json;
using protocol::Outcome;
using namespace sweep;

namespace {

SweepHead head(const Study& study, std::uint64_t trials) {
  return {"a1b2c3d4e5f60718", "first try", "random", 7, trials, study.metric(), "lab3"};
}

Json config(double learning_rate, const char* optimizer, Json hidden) {
  return {{"batch_size", 128},
          {"dropout", 0.0},
          {"hidden", std::move(hidden)},
          {"learning_rate", learning_rate},
          {"optimizer", optimizer}};
}

// One trial of every standing.
Study every_standing() {
  Study study(sample::accuracy());
  sample::plan(study, 0, config(0.001, "adam", {256, 128}));
  sample::start(study, 0);
  sample::say(study, 0, 1, {{"val_accuracy", 0.85}, {"val_loss", 0.5}});
  sample::say(study, 0, 2, {{"val_accuracy", 0.9011666666666667}, {"val_loss", 0.25}});
  sample::say(study, 0, 3, {{"val_accuracy", 0.875}, {"val_loss", 0.3}, {"test_accuracy", 0.8934}});
  sample::end(study, 0, Outcome::kCompleted);
  sample::run(study, 1, 0.5, Outcome::kDiverged, config(0.5, "sgd", {64}));
  sample::run(study, 2, 0.9, Outcome::kCompleted, config(0.00031622776601683794, "adam", Json::array()));
  sample::run(study, 3, 0.75, Outcome::kKilled, config(1e-05, "adam", {64}));
  sample::plan(study, 4, config(0.001, "adam", {256, 128}), 0);
  sample::plan(study, 5, config(0.002, "sgd", {64}));
  sample::start(study, 5);
  sample::end(study, 5, Outcome::kFailed, "exit code 1");
  sample::plan(study, 6, config(0.003, "sgd", {64}));
  return study;
}

}  // namespace

TEST_CASE("the table shows what varies, names what does not, and ends with the way to replay the best") {
  const Study study = every_standing();
  CHECK(report_table(head(study, 8), rank(study)) == golden("table.txt"));
}

TEST_CASE("a table of ranked trials alone needs no outcome column") {
  Study study(sample::loss());
  sample::run(study, 0, 0.25, Outcome::kCompleted, {{"x", 1}});
  sample::run(study, 1, 12.5, Outcome::kCompleted, {{"x", 2}});
  ReportOptions options;
  options.runs_flag = " --runs /scratch/runs";
  CHECK(report_table({"a1b2c3d4e5f60718", "", "grid", 0, 2, study.metric(), ""}, rank(study), options) ==
        "sweep a1b2c3d4e5f60718: grid, seed 0, 2 trials: 2 completed\n"
        "ranked by val_loss, the smallest first; of each trial its best value\n"
        "\n"
        "rank  trial             val_loss  epoch  x\n"
        "   1  7f3a9c0000000000    0.25 *      1  1\n"
        "   2  7f3a9c0000000001   12.5         1  2\n"
        "\n"
        "time: 2 trials ran for 3.00 s in all, 1.50 s each (median)\n"
        "best: trial 7f3a9c0000000000 (#0), val_loss 0.25 at epoch 1\n"
        "replay it: sweep replay 7f3a9c0000000000 --runs /scratch/runs\n");
}

TEST_CASE("JSON with columns has these alone, in order, null where a value is missing") {
  const Study study = every_standing();
  ReportOptions options;
  options.columns = {"rank", "val_accuracy", "optimizer", "val_loss"};
  options.with_host = true;
  options.sort = {"-index"};
  options.top = 2;
  const Json json = report_json(head(study, 8), rank(study), options);
  CHECK(json["columns"] == Json({"rank", "val_accuracy", "optimizer", "val_loss", "host"}));
  CHECK(core::canonical_json(json["trials"]) ==
        R"([{"host":"lab3","optimizer":"sgd","rank":null,"val_accuracy":null,"val_loss":null},)"
        R"({"host":null,"optimizer":"adam","rank":null,"val_accuracy":null,"val_loss":null}])");
  options.columns = {"optimiser"};
  CHECK_THROWS_AS(report_json(head(study, 8), rank(study), options), core::UserError);
  options.columns = {"rank", "index", "rank"};
  CHECK_THROWS_WITH(report_json(head(study, 8), rank(study), options), "--columns: 'rank' stands twice, name it once");
  options.columns.clear();
  const Json whole = report_json(head(study, 8), rank(study), options);
  CHECK_FALSE(whole.contains("columns"));
  CHECK(whole["trials"][0]["host"] == "lab3");
  CHECK(whole["trials"][0]["config"].is_object());
}

TEST_CASE("JSON of chosen rows says of how many they are and by what, that of all rows says nothing") {
  const Study study = every_standing();
  ReportOptions options;
  const auto chosen = [&] {
    const Json json = report_json(head(study, 8), rank(study), options);
    return std::to_string(json["trials"].size()) + " " + core::canonical_json(json.value("chosen", Json()));
  };
  const std::string all = std::to_string(report_json(head(study, 8), rank(study), options)["trials"].size());
  CHECK(chosen() == all + " null");
  options.top = 2;
  CHECK(chosen() == R"(2 {"of":)" + all + R"(,"top":2})");
  options.sort = {"-index"};
  options.filter = "index=1";
  CHECK(chosen() == R"(1 {"filter":"index=1","of":)" + all + R"(,"sort":["-index"],"top":2})");
}

TEST_CASE("CSV writes a value that is no number as a word, and a parameter with a column's name under another one") {
  Study study(sample::loss());
  const double inf = std::numeric_limits<double>::infinity();
  sample::run(study, 0, 0.25, Outcome::kCompleted, {{"x", std::nan("")}, {"step", 5}});
  sample::run(study, 1, 0.5, Outcome::kCompleted, {{"x", -inf}, {"step", 6}});
  sample::run(study, 2, 0.75, Outcome::kCompleted, {{"x", inf}, {"step", 7}});
  ReportOptions options;
  options.columns = {"step", "config.step", "x"};
  CHECK(report_csv(head(study, 3), rank(study), options) == "step,config.step,x\n10,5,nan\n10,6,-inf\n10,7,inf\n");
  CHECK(report_csv(head(study, 3), rank(study))
            .starts_with("rank,trial,index,replicate,outcome,val_loss,epoch,step,config.step,x\n"));
}

TEST_CASE("a parameter that has the name of the metric or of a column of repeats is shown under another one") {
  const protocol::Metric metric = sample::loss();
  Study study(Terms{.metric = metric, .repeats = 2});
  for (const std::uint64_t index : {0, 1, 2, 3})
    sample::run(study, index, 0.25 * static_cast<double>(index), Outcome::kCompleted,
                {{"val_loss", index / 2 + 5}, {"n", index / 2 + 7}, {"std", "s" + std::to_string(index / 2)}});
  SweepHead repeated = head(study, 4);
  repeated.repeats = 2;
  const std::vector<Row> rows = rank(study);
  CHECK(report_csv(repeated, rows)
            .starts_with("rank,trial,index,replicate,outcome,val_loss,std,n,epoch,step,config.n,config.std,"
                         "config.val_loss\n1,"));
  ReportOptions options;
  options.columns = {"index", "val_loss", "n", "config.val_loss", "config.n", "config.std"};
  options.sort = {"-config.val_loss"};
  options.filter = "n=2 and config.n>=7 and config.std!=s2";
  const std::string csv = "index,val_loss,n,config.val_loss,config.n,config.std\n2,0.625,2,6,8,s1\n0,0.125,2,5,7,s0\n";
  CHECK(report_csv(repeated, rows, options) == csv);
  CHECK(report_json(repeated, rows, options)["trials"][0].size() == 6);
  CHECK(report_markdown(repeated, rows).find("| val_loss | epoch | config.n | config.std | config.val_loss |") !=
        std::string::npos);
  CHECK(report_table(repeated, rows).find("config.n  config.std  config.val_loss\n") != std::string::npos);
}

TEST_CASE("a name that is a parameter's and a metric's, or a parameter's and a flag's, is two columns") {
  Study study(std::nullopt);
  for (const std::uint64_t index : {0, 1}) {
    sample::plan(study, index, {{"loss", index + 5}, {"seconds", index + 7}});
    sample::start(study, index);
    sample::say(study, index, 1, {{"loss", 0.5}});
    sample::end(study, index, Outcome::kCompleted);
  }
  SweepHead none = head(study, 2);
  none.metric.reset();
  const std::vector<Row> rows = rank(study);
  CHECK(report_table(none, rows).find("loss  seconds  loss (metric)\n") != std::string::npos);
  ReportOptions options;
  options.with_time = true;
  CHECK(report_csv(none, rows, options)
            .starts_with("rank,trial,index,replicate,outcome,value,epoch,step,loss,config.seconds,seconds\n"));
  options.columns = {"loss", "loss (metric)", "config.seconds", "seconds"};
  CHECK(report_csv(none, rows, options) == "loss,loss (metric),config.seconds,seconds\n5,0.5,7,1.5\n6,0.5,8,1.5\n");
}

TEST_CASE("whole numbers above the signed ones are not taken for negative ones") {
  Study study(sample::loss());
  const Json most = 18446744073709551615u;
  sample::run(study, 0, 0.25, Outcome::kCompleted, {{"x", most}});
  sample::run(study, 1, 0.5, Outcome::kCompleted, {{"x", -1}});
  ReportOptions options;
  options.columns = {"x"};
  options.sort = {"x"};
  CHECK(report_csv(head(study, 2), rank(study), options) == "x\n-1\n18446744073709551615\n");
  options.filter = "x=-1";
  CHECK(report_csv(head(study, 2), rank(study), options) == "x\n-1\n");
  CHECK(report_table(head(study, 2), rank(study)).find("constant") == std::string::npos);
}

TEST_CASE("a sweep in which nothing has ended says so") {
  Study study(sample::accuracy());
  sample::plan(study, 0);
  CHECK(report_table(head(study, 3), rank(study)) ==
        "sweep a1b2c3d4e5f60718 'first try': random, seed 7, 3 trials: 3 waiting\n"
        "ranked by val_accuracy, the largest first; of each trial its best value\n"
        "\n"
        "no trial has ended yet\n");
}

TEST_CASE("CSV has the fixed columns, then every parameter by name, ranked rows first, the machine's last") {
  const Study study = every_standing();
  CHECK(report_csv(head(study, 8), rank(study)) == golden("report.csv"));
}

TEST_CASE("the flag --all adds what has not ended, without an outcome that could change the other rows") {
  const Study study = every_standing();
  ReportOptions all;
  all.all = true;
  CHECK(report_csv(head(study, 8), rank(study), all) ==
        golden("report.csv") + ",7f3a9c0000000006,6,0,waiting,,,,128,0.0,[64],0.003,sgd\n");
}

TEST_CASE("JSON holds the sweep and every row") {
  const Study study = every_standing();
  CHECK(core::canonical_json(report_json(head(study, 8), rank(study))) + "\n" == golden("report.json"));
}

TEST_CASE("the flag --top cuts rows and changes no column") {
  const Study study = every_standing();
  ReportOptions top;
  top.top = 1;
  const std::string whole = golden("report.csv");
  CHECK(report_csv(head(study, 8), rank(study), top) == whole.substr(0, whole.find('\n', whole.find('\n') + 1) + 1));
}

TEST_CASE("CSV quotes what RFC 4180 asks for and keeps every byte") {
  Study study(sample::accuracy());
  sample::run(study, 0, 0.5, Outcome::kCompleted,
              {{"a,b", "x,y"},
               {"empty", ""},
               {"lines", "1\r\n2"},
               {"none", nullptr},
               {"quote", "say \"hi\""},
               {"escape", "\x1b[31m"},
               {"true", true},
               {"float", 2.0},
               {"nested", {{"deep", {{"x", 1}}}, {"y", 2}}}});
  CHECK(report_csv(head(study, 1), rank(study)) ==
        "rank,trial,index,replicate,outcome,val_accuracy,epoch,step,\"a,b\",empty,escape,float,lines,nested.deep.x,"
        "nested.y,none,quote,true\n"
        "1,7f3a9c0000000000,0,0,completed,0.5,1,10,\"x,y\",\"\",\x1b[31m,2.0,\"1\r\n2\",1,2,null,"
        "\"say \"\"hi\"\"\",true\n");
}

TEST_CASE("a parameter that a trial does not have is empty, and varies") {
  Study study(sample::accuracy());
  sample::run(study, 0, 0.5, Outcome::kCompleted, {{"momentum", 0.9}});
  sample::run(study, 1, 0.25);
  CHECK(report_csv(head(study, 2), rank(study)) ==
        "rank,trial,index,replicate,outcome,val_accuracy,epoch,step,momentum\n"
        "1,7f3a9c0000000000,0,0,completed,0.5,1,10,0.9\n"
        "2,7f3a9c0000000001,1,0,completed,0.25,1,10,\n");
}

TEST_CASE("hostile names and values cannot act on the terminal of who reads the table") {
  Study study(sample::accuracy());
  sample::run(study, 0, 0.5, Outcome::kCompleted, {{"note", "\x1b]0;owned\x07"}, {"long", std::string(5000, 'x')}});
  sample::run(study, 1, 0.25, Outcome::kCompleted, {{"note", "a\nb"}, {"long", "3"}});
  SweepHead hostile = head(study, 2);
  hostile.name = "\x1b[2J\xe2\x80\xaename";
  const std::string table = report_table(hostile, rank(study));
  CHECK(table ==
        "sweep a1b2c3d4e5f60718 '\\x1b[2J\\u202ename': random, seed 7, 2 trials: 2 completed\n"
        "ranked by val_accuracy, the largest first; of each trial its best value\n"
        "\n"
        "rank  trial             val_accuracy  epoch  long                              note\n"
        "   1  7f3a9c0000000000        0.5  *      1  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…  \\x1b]0;owned\\x07\n"
        "   2  7f3a9c0000000001        0.25        1  \"3\"                               a\\nb\n"
        "\n"
        "time: 2 trials ran for 3.00 s in all, 1.50 s each (median)\n"
        "best: trial 7f3a9c0000000000 (#0), val_accuracy 0.5 at epoch 1\n"
        "replay it: sweep replay 7f3a9c0000000000\n");
}

TEST_CASE("the flag --columns chooses and orders, --with adds at the end") {
  const Study study = every_standing();
  ReportOptions options;
  options.top = 3;
  options.columns = {"index", "test_accuracy", "val_loss", "learning_rate"};
  options.with_time = options.with_device = options.with_host = true;
  CHECK(report_csv(head(study, 8), rank(study), options) ==
        "index,test_accuracy,val_loss,learning_rate,seconds,device,host\n"
        "0,0.8934,0.25,0.001,1.5,cpu,lab3\n"
        "2,,,0.00031622776601683794,1.5,cpu,lab3\n"
        "1,,,0.5,1.5,cpu,lab3\n");
}

TEST_CASE("a nested parameter is a column by its dotted name, an empty object one by its own") {
  Study study(sample::accuracy());
  sample::run(study, 0, 0.5, Outcome::kCompleted,
              {{"optimizer", {{"betas", {{"first", 0.9}}}, {"name", "adam"}}}, {"extra", Json::object()}});
  sample::run(study, 1, 0.25, Outcome::kCompleted,
              {{"optimizer", {{"betas", {{"first", 0.5}}}, {"name", "adam"}}}, {"extra", Json::object()}});
  CHECK(report_csv(head(study, 2), rank(study)) ==
        "rank,trial,index,replicate,outcome,val_accuracy,epoch,step,extra,optimizer.betas.first,optimizer.name\n"
        "1,7f3a9c0000000000,0,0,completed,0.5,1,10,{},0.9,adam\n"
        "2,7f3a9c0000000001,1,0,completed,0.25,1,10,{},0.5,adam\n");
  ReportOptions options;
  options.columns = {"index", "optimizer.betas.first"};
  CHECK(report_csv(head(study, 2), rank(study), options) == "index,optimizer.betas.first\n0,0.9\n1,0.5\n");
}

TEST_CASE("of a sweep without a planned trial any column may be asked for, and all are empty") {
  const Study study(sample::accuracy());
  ReportOptions options;
  options.columns = {"rank", "learning_rate"};
  CHECK(report_csv(head(study, 3), rank(study), options) == "rank,learning_rate\n");
  CHECK(report_table(head(study, 3), rank(study), options) ==
        "sweep a1b2c3d4e5f60718 'first try': random, seed 7, 3 trials: 3 waiting\n"
        "ranked by val_accuracy, the largest first; of each trial its best value\n"
        "\n"
        "no trial has ended yet\n");
}

TEST_CASE("a column that does not exist is refused with the nearest name") {
  const Study study = every_standing();
  ReportOptions options;
  options.columns = {"lerning_rate"};
  try {
    report_csv(head(study, 8), rank(study), options);
    FAIL("not refused");
  } catch (const core::UserError& error) {
    CHECK(std::string(error.what()) == "--columns: no column 'lerning_rate', did you mean 'learning_rate'?");
  }
}

TEST_CASE("what the guarantee does not cover, and what is not there yet, is said") {
  const Study study = every_standing();
  CHECK(coverage_note(rank(study)) ==
        "1 trial was ended by the machine's doing, not by file, seed and trainer: the guarantee of the same bytes "
        "everywhere does not cover this row\n"
        "1 trial has not ended yet: `sweep report --all` lists it");
  Study whole(sample::accuracy());
  sample::run(whole, 0, 0.5);
  CHECK(coverage_note(rank(whole)).empty());
}

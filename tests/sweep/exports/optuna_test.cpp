// The journal, opened by Optuna itself where it is installed, and read line by line where not.
#include <cstdlib>

#include "core/json.h"
#include "tests/catch.h"
#include "tests/skip.h"
#include "tests/sweep/exports/made_sweep.h"

using core::Json;
using sweep::ExportFormat;

namespace {

// What Optuna says of a journal, as JSON; numbers that JSON has not as texts.
constexpr char kReader[] = R"py(
import json, math, sys, warnings
warnings.simplefilter("ignore")
import optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("error", UserWarning)
storage = optuna.storages.JournalStorage(optuna.storages.JournalFileStorage(sys.argv[1]))
(summary,) = optuna.get_all_study_summaries(storage)
study = optuna.load_study(study_name=summary.study_name, storage=storage)
def plain(value):
    if isinstance(value, float) and not math.isfinite(value): return str(value)
    return value
def described(trial):
    trial._validate()
    for name, distribution in trial.distributions.items():
        assert distribution._contains(distribution.to_internal_repr(trial.params[name])), (name, distribution)
    return {"number": trial.number, "state": trial.state.name, "value": trial.value,
            "params": trial.params, "attrs": {k: plain(v) for k, v in trial.user_attrs.items()},
            "steps": {str(k): plain(v) for k, v in trial.intermediate_values.items()},
            "start": str(trial.datetime_start), "complete": str(trial.datetime_complete),
            "distributions": {k: repr(d) for k, d in trial.distributions.items()}}
print(json.dumps({"name": study.study_name, "direction": study.direction.name, "best": study.best_trial.number,
                  "attrs": study.user_attrs, "trials": [described(t) for t in study.trials]}))
)py";

Json read_by_optuna(const MadeSweep& made, const std::string& journal) {
  if (std::system("/usr/bin/python3 -c 'import optuna' >/dev/null 2>&1") != 0) skip("Optuna is not installed");
  made.folder.write("reader.py", kReader);
  const std::string folder = "'" + made.folder.path().string() + "/";
  const std::string command = "/usr/bin/python3 " + folder + "reader.py' " + folder + journal + "' >" + folder +
                              "said.json' 2>" + folder + "error.txt'";
  const int code = std::system(command.c_str());
  INFO(made.read("error.txt"));
  REQUIRE(code == 0);
  return core::parse_json(made.read("said.json"), "optuna");
}

}  // namespace

TEST_CASE("Optuna opens the journal and finds every trial with its state, value, parameters and steps") {
  const MadeSweep made;
  const sweep::SweepExport exported = made.write(ExportFormat::kOptuna, "journal");
  CHECK(exported.trials == 8);
  CHECK(exported.left_out == 0);
  CHECK(exported.bytes == made.read("journal").size());
  const Json study = read_by_optuna(made, "journal");
  CHECK(study["name"] == MadeSweep::record().name);
  CHECK(study["direction"] == "MINIMIZE");
  CHECK(study["best"] == 0);
  CHECK(study["attrs"] ==
        Json({{"sweep:id", MadeSweep::kId}, {"sweep:method", "random"}, {"sweep:metric", "loss"}, {"sweep:seed", 7}}));
  const std::vector<std::pair<std::string, Json>> ends = {{"COMPLETE", 0.25},   {"FAIL", nullptr},   {"FAIL", nullptr},
                                                          {"FAIL", nullptr},    {"COMPLETE", 0.25},  {"PRUNED", 0.75},
                                                          {"RUNNING", nullptr}, {"WAITING", nullptr}};
  const std::vector<std::string> outcomes = {"completed", "diverged", "failed",  "no_metric",
                                             "completed", "pruned",   "running", "waiting"};
  REQUIRE(study["trials"].size() == ends.size());
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const Json& trial = study["trials"][i];
    CAPTURE(i);
    CHECK(trial["number"] == i);
    CHECK(trial["state"] == ends[i].first);
    CHECK((trial["value"] == ends[i].second || ends[i].first == "PRUNED"));
    CHECK(trial["attrs"]["sweep:outcome"] == outcomes[i]);
    CHECK(trial["attrs"]["sweep:trial"] == "trial" + std::to_string(i == 4 ? 0 : i));
  }
}

TEST_CASE("what stands in a trial of the journal is what the record says") {
  const MadeSweep made;
  made.write(ExportFormat::kOptuna, "journal");
  const Json trials = read_by_optuna(made, "journal")["trials"];
  CHECK(trials[0]["steps"] == Json({{"1", 0.5}, {"2", 0.25}, {"3", 0.375}}));
  CHECK(trials[1]["steps"] == Json({{"1", "nan"}}));
  CHECK(trials[1]["attrs"]["final:" + MadeSweep::kLongName] == "inf");
  CHECK(trials[2]["attrs"]["sweep:detail"] == "exit code 1: \x1b[31m<script>");
  CHECK(trials[4]["attrs"]["sweep:repeats"] == 0);
  CHECK(trials[4]["steps"] == trials[0]["steps"]);
  CHECK(trials[6]["steps"] == Json({{"4", 0.5}}));
  CHECK(trials[0]["params"] == Json({{"Case", true},
                                     {"a/../b", "<b>"},
                                     {"case", 2.5},
                                     {"lr", 0.01},
                                     {"mean", -0.5},
                                     {"nest.depth", 2},
                                     {"optimizer", "adam"},
                                     {"size", 6}}));
  CHECK(trials[1]["params"]["optimizer"] == "sgd\n\x1b[31m");
  CHECK(trials[2]["params"]["optimizer"].is_null());
  CHECK(trials[3]["params"]["optimizer"].is_number_integer());
  CHECK(trials[5]["params"]["optimizer"].is_number_float());
  CHECK(trials[6]["params"]["optimizer"] == true);
  CHECK(trials[7]["params"]["optimizer"] == R"([1,{"a":2}])");
  CHECK(trials[0]["distributions"]["lr"] == "FloatDistribution(high=1.0, log=True, low=0.001, step=None)");
  CHECK(trials[0]["distributions"]["size"] == "IntDistribution(high=9, log=False, low=4, step=1)");
  CHECK(trials[0]["distributions"]["Case"] == "CategoricalDistribution(choices=(True,))");
  CHECK(trials[0]["distributions"]["mean"].get<std::string>().starts_with("FloatDistribution(high=8.2"));
  // Planned in the first eight seconds; it began with the ninth event and ended with the nineteenth.
  CHECK(trials[0]["start"] == "2023-11-14 22:13:29");
  CHECK(trials[0]["complete"] == "2023-11-14 22:13:39");
  CHECK(trials[6]["complete"] == "None");
  CHECK(trials[7]["start"] == "None");
}

TEST_CASE("a journal is written the same again") {
  const MadeSweep made;
  made.write(ExportFormat::kOptuna, "one");
  made.write(ExportFormat::kOptuna, "two");
  CHECK(made.read("one") == made.read("two"));
  CHECK_THROWS_AS(made.write(ExportFormat::kOptuna, "one"), core::UserError);
  made.write(ExportFormat::kOptuna, "one", /*force=*/true);
  CHECK(made.read("one") == made.read("two"));
  CHECK(made.read("one").starts_with(R"({"directions":[1],"op_code":0,"study_name":)"));
}

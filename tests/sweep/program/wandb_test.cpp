// Programs written for W&B, run with the stand-in: what they read of the trial, and the event lines that they send.
#include <filesystem>

#include "core/files.h"
#include "protocol/event.h"
#include "protocol/trial_document.h"
#include "sweep/program/wandb_module.h"
#include "tests/catch.h"
#include "tests/sweep/program/python.h"
#include "tests/temporary_folder.h"

namespace {

using core::Json;
using Strings = std::vector<std::string>;

/// A trial with a configuration of its own, and what a program of it said.
struct Trial {
  TemporaryFolder folder;
  std::map<std::string, std::string> environment;

  explicit Trial(const Json& config = {{"lr", 1e-5}, {"optimizer", "adam"}, {"model", {{"depth", 3}}}}) {
    sweep::write_wandb_module(folder.path() / "modules");
    protocol::TrialDocument document;
    document.trial = "7f3a9c0012ab34cd";
    document.config = config;
    folder.write("trial.json", core::canonical_json(document.to_json()));
    folder.write("events", "");
    environment = {{"PYTHONPATH", (folder.path() / "modules").string()},
                   {"SWEEP_TRIAL", (folder.path() / "trial.json").string()},
                   {"SWEEP_EVENTS", (folder.path() / "events").string()},
                   {"SWEEP_ID", "a1b2c3d4e5f60718"},
                   {"SWEEP_TRIAL_ID", "7f3a9c0012ab34cd"},
                   {"SWEEP_CHECKPOINT_DIR", (folder.path() / "checkpoints").string()}};
  }

  PythonResult run(const std::string& script, const Strings& arguments = {}) const {
    return run_python(script, arguments, environment);
  }

  /// The lines after `started`, which holds versions and so differs from machine to machine. Each is an event.
  Strings events() const {
    Strings lines;
    const std::string text = core::read_file(folder.path() / "events");
    for (std::size_t begin = 0, end; begin < text.size(); begin = end + 1) {
      end = text.find('\n', begin);
      lines.push_back(text.substr(begin, end - begin));
      const auto event = protocol::Event::parse(lines.back(), "events");
      CHECK(event.seq == lines.size() - 1);
      CHECK((lines.size() == 1) == std::holds_alternative<protocol::Started>(event.body));
    }
    if (!lines.empty()) lines.erase(lines.begin());
    return lines;
  }
};

}  // namespace

TEST_CASE("a program written for W&B, with argparse beside it, runs unchanged and sends exactly its rows") {
  const Trial trial;
  const auto result = trial.run(R"(
import argparse
import wandb

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--optimizer", default="sgd")
parser.add_argument("--epochs", type=int, default=2)
args, _ = parser.parse_known_args()

run = wandb.init(project="mnist", config=args, save_code=True, anything="else")
config = wandb.config
print(config.lr, config["optimizer"], config.epochs, config.model["depth"], config.get("none", 7), "lr" in config)
assert config.lr == args.lr == 1e-05
wandb.watch(None, log="all")
wandb.define_metric("val/*", step_metric="epoch")
for epoch in range(config.epochs):
    wandb.log({"epoch": epoch, "loss": 1 / (epoch + 1), "val": {"acc": 0.1 * (epoch + 1)},
               "picture": wandb.Image([[1]], caption="x"), "text": "words", "flag": True, "list": [1, 2]})
wandb.summary["best"] = 0.25
wandb.finish()
)",
                                {"--lr=1e-05", "--optimizer=adam"});
  CHECK(result.error == "");
  CHECK(result.out == "1e-05 adam 2 3 7 True\n");
  CHECK(result.code == 0);
  CHECK(trial.events() ==
        Strings{R"({"epoch":0,"event":"metric","seq":1,"step":0,"values":{"loss":1.0,"val.acc":0.1}})",
                R"({"epoch":1,"event":"metric","seq":2,"step":1,"values":{"loss":0.5,"val.acc":0.2}})",
                R"({"event":"metric","seq":3,"step":1,"values":{"best":0.25}})",
                R"({"event":"finished","outcome":"completed","seq":4,"step":1})"});
}

TEST_CASE("the first event says what runs") {
  const Trial trial;
  CHECK(trial.run("import wandb\nwandb.init()\n").code == 0);
  const std::string text = core::read_file(trial.folder.path() / "events");
  const Json started = Json::parse(text.substr(0, text.find('\n')));
  CHECK(started.at("trainer") == "wandb");
  CHECK(started.at("protocol") == 1);
  CHECK(started.at("resumed_from") == 0);
  CHECK(started.at("environment").at("python").is_string());
}

TEST_CASE("steps are W&B's: a row is sent when its step is over, and no step goes back") {
  const Trial trial;
  const auto result = trial.run(R"(
import wandb
with wandb.init() as run:
    run.log({"a": 1}, commit=False)
    run.log({"b": 2})
    run.log({"c": 3}, step=10)
    run.log({"d": 4}, step=10)
    print(open(__import__("os").environ["SWEEP_EVENTS"]).read().count("metric"), run.step)
    run.log({"e": 5}, step=12)
    run.log({"f": 6}, step=11)
    run.log({"g": 7}, step=12, commit=True)
    run.log({"h": 8})
    run.log({"i": "only words"})
    run.log({"j": 9}, step=20)
print(wandb.run)
)");
  CHECK(result.out == "1 10\nNone\n");
  CHECK(result.error ==
        "wandb (sweep's stand-in): step 11 is smaller than the current step 12, this row is left out\n");
  CHECK(trial.events() == Strings{R"({"event":"metric","seq":1,"step":0,"values":{"a":1.0,"b":2.0}})",
                                  R"({"event":"metric","seq":2,"step":10,"values":{"c":3.0,"d":4.0}})",
                                  R"({"event":"metric","seq":3,"step":12,"values":{"e":5.0,"g":7.0}})",
                                  R"({"event":"metric","seq":4,"step":13,"values":{"h":8.0}})",
                                  R"({"event":"metric","seq":5,"step":20,"values":{"j":9.0}})",
                                  R"({"event":"finished","outcome":"completed","seq":6,"step":20})"});
}

TEST_CASE("numbers are sent to the last bit, whatever wraps them, and what is no number is left out") {
  const Trial trial;
  const auto result = trial.run(R"(
import decimal, fractions, wandb

class Tensor:
    def __init__(self, value): self.value = value
    def item(self):
        if isinstance(self.value, list): raise ValueError("several elements")
        return self.value

wandb.init()
wandb.log({"a": Tensor(0.10000000149011612), "b": Tensor([1, 2]), "c": Tensor(True), "d": decimal.Decimal("0.5"),
           "e": fractions.Fraction(1, 4), "f": float("nan"), "g": float("-inf"), "h": 5e-324, "i": 10 ** 400, "j": 1j,
           "k": None, "l": 2 ** 63, "m": -0.0, "\ud800 \u00e9": 1, "n": {"o": {"p": 1e22}}, "epoch": 0.5})
wandb.log({})
wandb.log({"epoch": Tensor(3), "q": 1})
)");
  CHECK(result.error == "");
  CHECK(
      trial.events() ==
      Strings{R"({"event":"metric","seq":1,"step":0,"values":{"? \u00e9":1.0,"a":0.10000000149011612,"d":0.5,"e":0.25,)"
              R"("epoch":0.5,"f":"NaN","g":"-Infinity","h":5e-324,"l":9.223372036854776e+18,"m":-0.0,"n.o.p":1e+22}})",
              R"({"epoch":3,"event":"metric","seq":2,"step":2,"values":{"q":1.0}})",
              R"({"event":"finished","outcome":"completed","seq":3,"step":2})"});
}

TEST_CASE("a program that ends badly does not say that it finished, and its last row is sent") {
  for (const char* end : {"raise ValueError('x')", "import sys; sys.exit(3)", "import sys; sys.exit('no')",
                          "wandb.finish(exit_code=1)"}) {
    INFO(end);
    const Trial trial;
    trial.run(std::string("import wandb\nwandb.init()\nwandb.log({'a': 1}, step=4)\n") + end + "\n");
    CHECK(trial.events() == Strings{R"({"event":"metric","seq":1,"step":4,"values":{"a":1.0}})"});
  }
  const Trial trial;
  const auto result = trial.run("import wandb\nwith wandb.init():\n  1 / 0\n");
  CHECK(result.code == 1);
  CHECK(trial.events().empty());
  const Trial killed;
  CHECK(killed.run("import os, signal, wandb\nwandb.init()\nos.kill(os.getpid(), signal.SIGTERM)\n").code == 143);
  CHECK(killed.events().empty());
}

TEST_CASE("a good exit code is a good end, however it is said") {
  for (const char* end : {"import sys; sys.exit()", "import sys; sys.exit(0)", "wandb.finish(0)", "exit()"}) {
    INFO(end);
    const Trial trial;
    CHECK(trial.run(std::string("import wandb\nwandb.init()\n") + end + "\n").code == 0);
    CHECK(trial.events() == Strings{R"({"event":"finished","outcome":"completed","seq":1,"step":0})"});
  }
}

TEST_CASE("the sweep's values cannot be changed, the program's own can, and nested ones are merged") {
  const Trial trial;
  const auto result = trial.run(R"(
import copy, wandb
run = wandb.init(config={"lr": 5, "batch": 32, "model": {"depth": 1, "width": 8}})
c = run.config
c.lr = 7
c["batch"] = 64
c.update({"new": 1, "optimizer": "sgd"}, allow_val_change=True)
c.update(copy.deepcopy(c))
print(c.as_dict() == {"lr": 1e-05, "optimizer": "adam", "model": {"depth": 3, "width": 8}, "batch": 64, "new": 1})
print(dict(**c) == c.as_dict(), sorted(c.keys()), len(c), hasattr(c, "zzz"))
try: c.zzz
except AttributeError as error: print(error)
print(wandb.config is c, wandb.run is run, run.id, run.sweep_id, wandb.init() is run)
)");
  CHECK(result.out ==
        "True\nTrue ['batch', 'lr', 'model', 'new', 'optimizer'] 5 False\n"
        "config has no 'zzz', it has batch, lr, model, new, optimizer\n"
        "True True 7f3a9c0012ab34cd a1b2c3d4e5f60718 True\n");
  CHECK(result.error ==
        "wandb (sweep's stand-in): config 'lr' stays 1e-05, the sweep's value\n"
        "wandb (sweep's stand-in): config 'optimizer' stays 'adam', the sweep's value\n");
}

TEST_CASE("a value that is not finite comes back as a float of Python") {
  const Trial trial(Json{{"a", std::numeric_limits<double>::quiet_NaN()},
                         {"b", -std::numeric_limits<double>::infinity()},
                         {"c", 2.0},
                         {"d", 2}});
  const auto result = trial.run("import wandb\nc = wandb.init().config\nprint(c.a, c.b, repr(c.c), repr(c.d))\n");
  CHECK(result.out == "nan -inf 2.0 2\n");
}

TEST_CASE("sweep() and agent() run this one trial, and what needs a server says so") {
  const Trial trial;
  const auto result = trial.run(R"(
import wandb
def train():
    with wandb.init():
        wandb.log({"a": 1})
id = wandb.sweep({"method": "bayes"}, project="p")
wandb.agent(id, function=train, count=50)
print(id)
wandb.login(key="x"); wandb.Settings(start_method="fork"); wandb.save("x") if wandb.run else None
run = wandb.init(reinit=True)
artifact = wandb.Artifact("model", type="model", metadata={"a": 1})
artifact.add_file("x")
run.log_artifact(artifact).wait()
run.log({"table": wandb.Table(columns=["a"], data=[[1]]), "h": wandb.Histogram([1]), "html": wandb.Html("x"),
         "p": wandb.plot.confusion_matrix(probs=None), "b": 2})
print(wandb.plot.line_series(xs=[]) is not None, len(wandb.util.generate_id()), run.dir.endswith("checkpoints/wandb"))
for call in (lambda: wandb.Api(), lambda: run.use_artifact("m:v0").download(), lambda: run.restore("m")):
    try: call()
    except wandb.errors.CommError as error: print(error)
try: wandb.nonsense
except AttributeError as error: print(error)
from wandb.sdk.lib import RunDisabled
from wandb.sdk.wandb_run import Run
print(isinstance(run, Run), issubclass(wandb.CommError, wandb.Error))
)");
  CHECK(
      result.out ==
      "a1b2c3d4e5f60718\n"
      "True 8 True\n"
      "wandb.Api is not available, there is no W&B server here; 'sweep report --format json' prints what a sweep has\n"
      "artifact 'm:v0' cannot be fetched, there is no W&B server here; read the files by path and name them in "
      "'inputs' "
      "of the sweep file\n"
      "'m' cannot be fetched, there is no W&B server here\n"
      "sweep's stand-in for wandb has no 'nonsense'; install wandb and remove 'compat' to use it\n"
      "True True\n");
  CHECK(result.error ==
        "wandb (sweep's stand-in): wandb.sweep() makes no sweep, the sweep file of 'sweep run' is the sweep\n"
        "wandb (sweep's stand-in): wandb.agent() runs this one trial, 'sweep run' starts the others\n"
        "wandb (sweep's stand-in): artifacts are not kept, the files stay where they are\n"
        "wandb (sweep's stand-in): there is no W&B server here, so no artifact can be fetched\n");
  CHECK(trial.events() == Strings{R"({"event":"metric","seq":1,"step":0,"values":{"a":1.0}})",
                                  R"({"event":"metric","seq":2,"step":1,"values":{"b":2.0}})",
                                  R"({"event":"finished","outcome":"completed","seq":3,"step":1})"});
}

TEST_CASE("before init W&B's own words are refused as W&B refuses them") {
  const Trial trial;
  const auto result = trial.run(R"(
import wandb
for call in (lambda: wandb.log({}), lambda: wandb.config.x, lambda: wandb.config.update, lambda: wandb.summary["x"]):
    try: call()
    except wandb.Error as error: print(error)
wandb.init()
for bad in ([1], {1: 2}):
    try: wandb.log(bad)
    except ValueError as error: print(error)
)");
  CHECK(result.out ==
        "You must call wandb.init() before wandb.log()\n"
        "You must call wandb.init() before wandb.config\n"
        "You must call wandb.init() before wandb.config\n"
        "You must call wandb.init() before wandb.summary\n"
        "wandb.log must be passed a dictionary\n"
        "Key values passed to `wandb.log` must be strings.\n");
}

TEST_CASE("outside a sweep the program runs on its defaults, with one line about it") {
  Trial trial;
  for (const char* name : {"SWEEP_TRIAL", "SWEEP_EVENTS", "SWEEP_ID", "SWEEP_TRIAL_ID"}) trial.environment.erase(name);
  const auto result = trial.run(R"(
import wandb
run = wandb.init(config={"lr": 0.5})
run.log({"a": 1})
run.summary["b"] = 2
print(run.config.lr, run.summary["a"], run.summary.get("b"))
run.finish()
)");
  CHECK(result.code == 0);
  CHECK(result.out == "0.5 1 2\n");
  CHECK(result.error ==
        "wandb (sweep's stand-in): SWEEP_TRIAL is not set, so nothing is recorded; 'sweep run' sets it\n");
  CHECK(trial.events().empty());
}

TEST_CASE("a forked child and the other ranks of a trial say nothing") {
  Trial trial;
  const char* script = R"(
import os, wandb
wandb.init()
if os.fork() == 0:
    wandb.log({"a": 1})
    raise SystemExit
os.wait()
wandb.log({"a": 2})
)";
  CHECK(trial.run(script).code == 0);
  CHECK(trial.events() == Strings{R"({"event":"metric","seq":1,"step":0,"values":{"a":2.0}})",
                                  R"({"event":"finished","outcome":"completed","seq":2,"step":0})"});
  Trial other;
  other.environment["RANK"] = "1";
  CHECK(other.run("import wandb\nprint(wandb.init().config.lr)\nwandb.log({'a': 1})\n").out == "1e-05\n");
  CHECK(other.events().empty());
}

TEST_CASE("a rank that sweep was started with does not silence a trial, and one of the trial's own does") {
  const char* script = "import wandb\nwandb.init()\nwandb.log({'a': 1})\n";
  Trial trial;
  trial.environment["SLURM_PROCID"] = "3";
  trial.environment["SWEEP_OUTER_RANKS"] = "LOCAL_RANK=1 SLURM_PROCID=3";
  CHECK(trial.run(script).code == 0);
  CHECK(trial.events().size() == 2);
  for (const char* name : {"SLURM_PROCID", "RANK"}) {
    Trial later;
    later.environment = trial.environment;
    later.environment["SWEEP_EVENTS"] = (later.folder.path() / "events").string();
    later.environment[name] = "1";
    CHECK(later.run(script).code == 0);
    CHECK(later.events().empty());
  }
}

TEST_CASE("events that cannot be written are an error that says where they should go") {
  Trial trial;
  trial.environment["SWEEP_EVENTS"] = (trial.folder.path() / "no/where").string();
  CHECK(trial.run("import wandb\nwandb.init()\n").error.find("the events of this trial cannot be written to ") !=
        std::string::npos);
}

TEST_CASE("a row with more numbers than a line holds is sent in several") {
  const Trial trial;
  CHECK(trial.run("import wandb\nwandb.init()\nwandb.log({'metric%d' % i: i for i in range(5000)})\n").code == 0);
  std::size_t values = 0;
  for (const std::string& line : trial.events()) {
    const auto event = protocol::Event::parse(line, "events");
    if (const auto* metric = std::get_if<protocol::MetricValues>(&event.body)) {
      CHECK(metric->step == 0);
      values += metric->values.size();
    }
  }
  CHECK(values == 5000);
}

TEST_CASE("the module is written as it stands in the source tree, and left alone where it is the same") {
  namespace fs = std::filesystem;
  const TemporaryFolder folder;
  const fs::path sources = fs::path(SWEEP_SOURCE_DIR) / "sweep/program/wandb";
  sweep::write_wandb_module(folder.path());
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(sources)) {
    if (entry.path().extension() != ".py") continue;
    ++files;
    INFO(entry.path());
    CHECK(core::read_file(folder.path() / "wandb" / entry.path().lexically_relative(sources)) ==
          core::read_file(entry.path()));
  }
  CHECK(files == sweep::wandb_files().size());

  const fs::path one = folder.path() / "wandb/errors.py", other = folder.path() / "wandb/util.py";
  const auto before = fs::last_write_time(one) - std::chrono::hours(1);
  fs::last_write_time(one, before);
  folder.write("wandb/util.py", "broken");
  sweep::write_wandb_module(folder.path());
  CHECK(fs::last_write_time(one) == before);
  CHECK(core::read_file(other) == core::read_file(sources / "util.py"));
}

TEST_CASE("the module keeps to the grammar of Python 3.7, to the standard library, and has a version to be asked for") {
  const Trial trial;
  const auto result = trial.run(R"(
import ast, importlib.metadata, pathlib, sys
root = pathlib.Path(sys.argv[1])
for file in sorted(root.glob("wandb/**/*.py")):
    tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 7))
    for node in ast.walk(tree):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else \
                [node.module] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
        for name in names:
            if name.split(".")[0] not in sys.stdlib_module_names: print(file.name, name)
print(importlib.metadata.version("wandb"))
)",
                                {(trial.folder.path() / "modules").string()});
  CHECK(result.error == "");
  CHECK(result.out == "_config.py yaml\n0.19.0+sweep\n");
}

// The keys of a user's program.
#include "sweep/spec/spec.h"
#include "tests/catch.h"

using sweep::ReadMetrics;

namespace {

sweep::UserProgram read(const std::string& keys) {
  return sweep::read_spec("method: grid\nparameters: {lr: {value: 1}}\n" + keys, "sweep.yaml").program.value();
}

using Items = std::vector<std::string>;

}  // namespace

TEST_CASE("a program alone is run by the default command") {
  const sweep::UserProgram program = read("program: train.py");
  CHECK(program.program == "train.py");
  CHECK(program.command == Items{"${env}", "${interpreter}", "${program}", "${args}"});
  CHECK(program.read_metrics.format == ReadMetrics::Format::kAny);
  CHECK_FALSE(program.reuse);
  CHECK_FALSE(program.wandb);
}

TEST_CASE("a command needs no program") {
  const sweep::UserProgram program = read("command: [./run.sh, '${args_json}']");
  CHECK(program.program.empty());
  CHECK(program.command == Items{"./run.sh", "${args_json}"});
}

TEST_CASE("numbers in a command become their text") {
  CHECK(read("command: [x, 2, -3, 0.5, 1e-5, '010', '']").command == Items{"x", "2", "-3", "0.5", "1e-05", "010", ""});
}

TEST_CASE("every key of a program is read") {
  const sweep::UserProgram program = read(R"yaml(
program: t.py
read_metrics: {from: stdout, format: regex, pattern: 'e(?<e>\d+) l(?<loss>\S+)', step: e}
templates: {config.in: config.toml, b.in: b.txt}
record: [[python, -V], [pip, freeze]]
reuse: yes
compat: wandb
)yaml");
  CHECK(program.read_metrics.format == ReadMetrics::Format::kRegex);
  CHECK(program.read_metrics.pattern == R"(e(?<e>\d+) l(?<loss>\S+))");
  CHECK(program.read_metrics.step == "e");
  CHECK(program.templates.at("config.in") == "config.toml");
  CHECK(program.record == std::vector<Items>{{"python", "-V"}, {"pip", "freeze"}});
  CHECK(program.reuse);
  CHECK(program.wandb);
}

TEST_CASE("every format of metrics has its word") {
  const auto format = [](const std::string& keys) {
    return read("program: t.py\nread_metrics: " + keys).read_metrics.format;
  };
  CHECK(format("{format: json}") == ReadMetrics::Format::kJson);
  CHECK(format("{format: key=value}") == ReadMetrics::Format::kEquals);
  CHECK(format("{format: 'key: value'}") == ReadMetrics::Format::kColon);
  CHECK(format("{step: epoch}") == ReadMetrics::Format::kAny);
}

TEST_CASE("a program has the metric that is written, by the name that is written, or none") {
  const std::string rest = "method: grid\nprogram: t.py\nparameters: {lr: {value: 1}}\n";
  CHECK_FALSE(sweep::read_spec(rest, "sweep.yaml").metric.has_value());
  const sweep::Spec spec = sweep::read_spec(rest + "metric: {name: accuracy, goal: maximize}", "sweep.yaml");
  CHECK(spec.metric->name == "accuracy");
  CHECK(spec.warnings.empty());
}

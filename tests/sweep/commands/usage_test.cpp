// The command line: what is not understood, what stands everywhere, and the exit codes.
#include "core/json.h"
#include "tests/catch.h"
#include "tests/sweep/commands/program.h"

TEST_CASE("sweep alone prints help, which lists every verb") {
  const Workplace place;
  const Said alone = place.sweep("");
  CHECK(alone.code == 0);
  CHECK(alone.err.empty());
  CHECK(place.sweep("--help").out == alone.out);
  for (const char* verb : {"run", "resume", "retry", "stop", "cancel", "check", "plan", "report", "importance", "list",
                           "show", "diff", "logs", "replay", "verify", "export", "doctor"})
    CHECK(alone.out.find(std::string("\n  ") + verb + " ") != std::string::npos);
}

TEST_CASE("what is not understood is named, with the nearest word, and ends with 2") {
  const Workplace place;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"reprot", "reprot: unknown verb, did you mean 'report'?"},
      {"frobnicate", "frobnicate: unknown verb, see 'sweep --help'"},
      {"report --formt csv", "--formt: unknown flag, did you mean '--format'?"},
      {"report --qiet", "--qiet: unknown flag, did you mean '--quiet'?"},
      {"report --frobnicate", "--frobnicate: unknown flag, see 'sweep report --help'"},
      {"report one two", "two: one argument too many, see 'sweep report --help'"},
      {"report --format cvs", "sweep report: --format: cvs not in {table,json,csv,md,html}, see 'sweep report --help'"},
      {"report --top many",
       "sweep report: --top: 'many' is not a whole number from 1 to 18446744073709551615, see 'sweep report --help'"},
      {"show", "sweep show: TRIAL is required, see 'sweep show --help'"},
      {"replay best --device gpu", "sweep replay: --device: gpu not in {auto,cpu,cuda}, see 'sweep replay --help'"},
      {"replay best --locate --against sweep-trainer",
       "--locate: asks the record, and --against another program, give one of them"},
  };
  for (const auto& [arguments, message] : cases) {
    const Said said = place.sweep(arguments);
    CHECK(said.err == message + "\n");
    CHECK(said.out.empty());
    CHECK(said.code == 2);
  }
}

TEST_CASE("a flag whose value is empty is refused, and takes no other word for its value") {
  const Workplace place;
  place.run_points();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"run points.json --audit= --slots 2", "--audit: has an empty value, write --audit SHARE, or leave it out"},
      {"run points.json --audit '' --slots 2", "--audit: has an empty value, write --audit SHARE, or leave it out"},
      {"run points.json --slots= --quiet", "--slots: has an empty value, write --slots N, or leave it out"},
      {"run points.json --gpus= none", "--gpus: has an empty value, write --gpus A,B,…, or leave it out"},
      {"replay best --trainer= --all", "--trainer: has an empty value, write --trainer BINARY, or leave it out"},
      {"--runs= report", "--runs: has an empty value, write --runs DIR, or leave it out"},
      {"report --format= --json", "--format: has an empty value, write --format FORMAT, or leave it out"},
  };
  for (const auto& [arguments, message] : cases) {
    const Said said = place.sweep(arguments);
    CHECK(said.err == message + "\n");
    CHECK(said.out.empty());
    CHECK(said.code == 2);
  }
  CHECK(place.sweep("report --frobnicate=").err == "--frobnicate: unknown flag, see 'sweep report --help'\n");
}

TEST_CASE("a word of the command line cannot act on the terminal that shows the message") {
  const Workplace place;
  CHECK(place.sweep("\"$(printf 'a\\033[2Jb')\"").err == "a\\x1b[2Jb: unknown verb, see 'sweep --help'\n");
}

TEST_CASE("the flag --version says what this build is") {
  const Workplace place;
  const Said said = place.sweep("--version");
  CHECK(said.code == 0);
  for (const char* label : {"sweep ", "\ncommit ", "\ncompiler ", "\nback ends cpu"})
    CHECK(said.out.find(label) != std::string::npos);
  const core::Json json = core::parse_json(place.sweep("--version --json").out, "version");
  CHECK(json["version"].is_string());
  CHECK(json["back_ends"].is_string());
}

TEST_CASE("a folder without a store is said, with the way out") {
  const Workplace place;
  for (const char* verb : {"report", "list", "show best", "logs best", "replay best"}) {
    const Said said = place.sweep(verb);
    CHECK(said.code == 2);
    CHECK(said.err == "runs/sweeps.db: there is no store here, run a sweep first, or name its folder with --runs\n");
  }
  CHECK(place.sweep("report --runs elsewhere").err ==
        "elsewhere/sweeps.db: there is no store here, run a sweep first, or name its folder with --runs\n");
  CHECK(place.sweep("report", "SWEEP_RUNS=from-environment").err ==
        "from-environment/sweeps.db: there is no store here, run a sweep first, or name its folder with --runs\n");
  CHECK_FALSE(std::filesystem::exists(place.path() / "runs"));
}

TEST_CASE("global flags stand before or after the verb") {
  const Workplace place;
  CHECK(place.sweep("--runs elsewhere report").err == place.sweep("report --runs elsewhere").err);
}

TEST_CASE("doctor looks at everything and ends with 0 where all is well") {
  const Workplace place;
  const Said said = place.sweep("doctor");
  INFO(said.out);
  CHECK(said.code == 0);
  const core::Json json = core::parse_json(place.sweep("doctor --json").out, "doctor");
  CHECK(json["good"] == true);
  for (const char* finding :
       {"sweep", "machine", "GPUs", "libraries", "disk", "store", "limits", "cgroup", "trainer", "arithmetic"})
    CHECK(json["findings"].contains(finding));
  const core::Json& findings = json["findings"];
  CHECK(findings["store"]["detail"]["sqlite"].is_string());
  CHECK(findings["store"]["detail"]["durable_commit_ms"] > 0);
  CHECK(findings["disk"]["detail"]["free_bytes"] > 0);
  CHECK(findings["disk"]["detail"]["file_system"].is_string());
  CHECK(findings["limits"]["detail"].contains("open_files"));
  CHECK(findings["trainer"]["detail"]["sha256"].get<std::string>().size() == 64);
  CHECK_FALSE(std::filesystem::exists(place.path() / "runs"));
  const Said readonly = place.sweep("doctor --runs /proc/nowhere");
  CHECK(readonly.code == 4);
}

TEST_CASE("a precision that only numerics fast has is refused by check") {
  const Workplace place;
  place.write("sweep.yaml", "method: grid\nparameters:\n  precision: {values: [fp32, bf16]}\n");
  const Said said = place.sweep("check sweep.yaml");
  CHECK(said.code == 2);
  CHECK(
      said.err.starts_with("sweep.yaml:3:30: the precision 'bf16' is one of numerics fast, add `numerics: fast`, which "
                           "needs a GPU, or leave "
                           "it out\n"));
}

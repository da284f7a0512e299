// The table of verdicts. No process, no store.
#include "sweep/commands/replay_table.h"

#include "tests/catch.h"

using namespace sweep;

namespace {

Replayed replayed(std::uint64_t index, Verdict verdict) {
  Replayed one;
  one.trial = "7f3a9c0012ab34c" + std::to_string(index);
  one.sweep = "a1b2c3d4e5f60718";
  one.index = index;
  one.attempts = 1;
  one.recorded_on = one.device = "cpu";
  one.recorded_slot = "cpu:0";
  one.seconds = 1.25;
  one.comparison.verdict = verdict;
  return one;
}

std::vector<Replayed> one_of_each() {
  std::vector<Replayed> all = {replayed(3, Verdict::kIncomplete), replayed(0, Verdict::kIdentical),
                               replayed(2, Verdict::kNotComparable), replayed(1, Verdict::kDifferent)};
  all[0].comparison.reasons = {"the replay ended as killed: signal 9 (SIGKILL)"};
  all[2].comparison.reasons = {"trainer: recorded sweep-trainer/1:abc, replayed sweep-trainer/1:def"};
  all[2].seconds = 0;
  all[3].comparison.differences = {
      {12, Difference::Kind::kMetric, "metric val_loss", "0.125 (0x1p-3)", "0.25 (0x1p-2)", 1u << 20, "val_loss"}};
  all[3].gpu = "GPU-5f3c";
  all[3].device = "cuda";
  return all;
}

}  // namespace

TEST_CASE("a row a trial, by index, with the first difference or the reason, and a count of each verdict") {
  CHECK(replay_table({"a1b2c3d4e5f60718", one_of_each(), 2, 1}) ==
        "trial             index  verdict         on          time  first difference\n"
        "7f3a9c0012ab34c0      0  identical       cpu       1.25 s\n"
        "7f3a9c0012ab34c1      1  different       GPU-5f3c  1.25 s  step 12: metric val_loss: recorded 0.125 (0x1p-3), "
        "replayed 0.25 (0x1p-2), 1048576 ulp apart\n"
        "7f3a9c0012ab34c2      2  not comparable  cpu       0.00 s  trainer: recorded sweep-trainer/1:abc, replayed "
        "sweep-trainer/1:def\n"
        "7f3a9c0012ab34c3      3  incomplete      cpu       1.25 s  the replay ended as killed: signal 9 (SIGKILL)\n"
        "\n"
        "4 trials replayed: 1 identical, 1 incomplete, 1 not comparable, 1 different\n"
        "left out: 2 that have not ended\n"
        "interrupted: 1 were not replayed\n");
}

TEST_CASE("the exit code of a sweep's replays is that of the gravest verdict") {
  std::vector<Replayed> all = {replayed(0, Verdict::kIdentical)};
  CHECK(exit_code(worst({})) == 0);
  CHECK(exit_code(worst(all)) == 0);
  all.push_back(replayed(1, Verdict::kIncomplete));
  CHECK(exit_code(worst(all)) == 1);
  all.push_back(replayed(2, Verdict::kNotComparable));
  CHECK(exit_code(worst(all)) == 4);
  all.push_back(replayed(3, Verdict::kDifferent));
  CHECK(exit_code(worst(all)) == 3);
}

TEST_CASE("the table as JSON counts every verdict, and holds each replay whole") {
  const core::Json json = replay_table_json({"a1b2c3d4e5f60718", one_of_each(), 2, 1});
  CHECK(core::canonical_json(json["counts"]) == R"({"different":1,"identical":1,"incomplete":1,"not comparable":1})");
  CHECK(json["verdict"] == "different");
  CHECK(json["not_ended"] == 2);
  CHECK(json["not_replayed"] == 1);
  CHECK(json["trials"].size() == 4);
  CHECK(json["trials"][1]["differences"][0]["subject"] == "val_loss");
  CHECK(json["trials"][1]["gpu"] == "GPU-5f3c");
}

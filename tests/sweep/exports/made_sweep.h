// A sweep in a store for the tests of exports: hostile names, values that are no numbers, and a trial of each kind of
// end.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "core/files.h"
#include "sweep/exports/exports.h"
#include "tests/sweep/study/events.h"
#include "tests/temporary_folder.h"

struct MadeSweep {
  static constexpr char kId[] = "a1b2c3d4e5f60718";
  static constexpr std::int64_t kCreated = 1'700'000'000'000;  // 2023-11-14 22:13:20 UTC
  inline static const std::string kLongName = std::string(10'000, 'n');

  TemporaryFolder folder;

  MadeSweep() {
    sweep::Store store(folder.path(), sweep::Store::Mode::kReadWrite);
    store.add_sweep(record());
    sweep::Study study(record().metric);
    add_trials(store, study);
  }

  static sweep::SweepRecord record() {
    sweep::SweepRecord sweep;
    sweep.id = kId;
    sweep.name = "<script>\x1b[31m ../" + kLongName;
    sweep.file = "made.json";
    sweep.text = R"({"method": "random", "run_cap": 8, "metric": {"name": "loss", "goal": "minimize"},
      "command": ["./train.sh"], "parameters": {
        "lr": {"distribution": "log_uniform_values", "min": 0.001, "max": 1.0},
        "size": {"distribution": "int_uniform", "min": 4, "max": 9},
        "mean": {"distribution": "normal", "mu": 0.0, "sigma": 1.0},
        "optimizer": {"values": ["adam", "sgd\n\u001b[31m", null, 1, 1.0, true, [1, {"a": 2}]]},
        "a/../b": {"value": "<b>"}, "Case": {"value": true}, "case": {"value": 2.5},
        "nest": {"parameters": {"depth": {"values": [1, 2]}}}}})";
    sweep.overrides = core::Json::object();
    sweep.identity = {{"trainer", "t"}};
    sweep.method = "random";
    sweep.seed = 7;
    sweep.metric = events::loss();
    sweep.trials = 8;
    sweep.created_ms = kCreated;
    return sweep;
  }

  static core::Json config(double lr, const core::Json& optimizer) {
    return {{"lr", lr},        {"size", 6},    {"mean", -0.5}, {"optimizer", optimizer},
            {"a/../b", "<b>"}, {"Case", true}, {"case", 2.5},  {"nest", {{"depth", 2}}}};
  }

  // 0 completed, after a resume that came to step 2 again; 1 diverged; 2 failed without a metric; 3 completed, asked
  // for no metric; 4 the draw of 0 again; 5 pruned; 6 runs; 7 waits.
  static void add_trials(sweep::Store& store, sweep::Study& study) {
    using namespace events;
    using protocol::Outcome;
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInf = std::numeric_limits<double>::infinity();
    const std::vector<core::Json> optimizers = {"adam", "sgd\n\x1b[31m", nullptr, 1, "adam", 1.0,
                                                true,   {1, {{"a", 2}}}};
    std::int64_t now = kCreated;
    const auto add = [&](const std::vector<sweep::StudyEvent>& all) {
      for (const sweep::StudyEvent& event : all) store.append(kId, now += 1000, {event}, study);
    };
    for (std::uint64_t i = 0; i < 8; ++i) {
      sweep::TrialPlanned event = i == 4 ? repeat(4, 0) : planned(i);
      event.config = config(0.01 * static_cast<double>(i == 4 ? 1 : i + 1), optimizers[i]);
      add({event});
    }
    const auto values = [](std::uint64_t index, std::uint32_t attempt, std::uint64_t step,
                           std::map<std::string, double> by_name) {
      return said(index, attempt, protocol::MetricValues{step, step, std::move(by_name)});
    };
    add({ordered(0), started(0, 0, 0), values(0, 0, 1, {{"loss", 0.5}, {"train/loss", kNan}}), checkpoint(0, 0, 1),
         values(0, 0, 2, {{"loss", 0.25}, {"train", -kInf}, {"..", 1e300}}), ended(0, 0, Outcome::kLost), ordered(0, 1),
         started(0, 1, 1), values(0, 1, 2, {{"loss", 0.25}, {"train", -kInf}, {"..", 1e300}}),
         values(0, 1, 3, {{"loss", 0.375}}), ended(0, 1, Outcome::kCompleted)});
    add({ordered(1), started(1, 0, 0), values(1, 0, 1, {{"loss", kNan}, {kLongName, kInf}, {"LOSS", 1}}),
         ended(1, 0, Outcome::kDiverged)});
    sweep::AttemptEnded failed = ended(2, 0, Outcome::kFailed);
    failed.detail = "exit code 1: \x1b[31m<script>";
    failed.retries = 0;
    add({ordered(2), failed});
    add({ordered(3), started(3, 0, 0), values(3, 0, 1, {{"_hparams_/experiment", 3}}),
         ended(3, 0, Outcome::kNoMetric)});
    add({ordered(5), started(5, 0, 0), values(5, 0, 1, {{"loss", 0.75}}), ended(5, 0, Outcome::kPruned)});
    add({ordered(6), started(6, 0, 0), values(6, 0, 4, {{"loss", 0.5}})});
  }

  sweep::SweepExport write(sweep::ExportFormat format, const std::string& name, bool force = false) const {
    const sweep::Store store(folder.path(), sweep::Store::Mode::kReadOnly);
    return export_sweep(store, *store.find_sweep(kId), format, folder.path() / name, force);
  }
  std::string read(const std::string& name) const { return core::read_file(folder.path() / name); }
};

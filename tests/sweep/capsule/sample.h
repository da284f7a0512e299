// A trial as it could have been recorded: small, made by hand, the same each time.
#pragma once

#include <string>

#include "sweep/capsule/contents.h"

inline sweep::SweepRecord sample_sweep() {
  sweep::SweepRecord sweep;
  sweep.name = "sample";
  sweep.file = "/home/ann/work/sample.yaml";
  sweep.text =
      "method: grid\n"
      "data: /home/ann/sets/points.csv\n"
      "metric: {name: score, goal: minimize}\n"
      "parameters:\n"
      "  a: {values: [1, 2.5, 3]}\n";
  sweep.overrides = core::Json::object();
  sweep.identity = {{"trainer", "sweep-trainer/1:5a"}, {"data", std::string(64, 'd')}, {"numerics", "portable-1"}};
  sweep.data = protocol::DataSource{"/home/ann/sets/points.csv", "/home/ann/sets/points.csv", std::string(64, 'd'), {}}
                   .to_json();
  sweep.trainer_sha256 = std::string(64, 'e');
  sweep.provenance = {{"host", "annes-laptop"},
                      {"git", {{"commit", "c0ffee"}}},
                      {"command", {"/home/ann/bin/sweep", "run", "--runs=/home/ann/runs"}}};
  sweep.method = "grid";
  sweep.created_ms = 1'700'000'000'000;
  sweep::Spec spec = sweep::read_spec(sweep.text, sweep.file);
  sweep.metric = spec.metric;
  const sweep::TrialPlan plan(std::move(spec), {sweep.identity["trainer"], sweep.identity["data"], "portable-1"});
  sweep.trials = plan.count();
  sweep.id = plan.sweep_id();
  return sweep;
}

/// Trial #1: one step, one metric, completed.
inline sweep::CapsuleRecord sample_record() {
  using namespace sweep;
  CapsuleRecord record{sample_sweep(), 1, {}};
  const TrialPlan plan(read_spec(record.sweep.text, record.sweep.file),
                       {record.sweep.identity["trainer"], record.sweep.identity["data"], "portable-1"});
  const PlannedTrial planned = plan.trial(1);
  std::int64_t time_ms = record.sweep.created_ms;
  const auto add = [&](StudyEvent event) { record.events.push_back({record.sweep.id, ++time_ms, std::move(event)}); };
  add(TrialPlanned{1, planned.replicate, planned.id, planned.config, planned.seed, {}});
  add(AttemptOrdered{1, 0, "cpu:0", "cpu", "", "its turn, in /home/ann/runs"});
  add(TrainerSaid{1, 0, {0, protocol::Started{1, "sweep-trainer/1:5a", 0, {{"isa", "avx2"}}}}});
  add(TrainerSaid{1, 0, {1, protocol::Trace{1, 1, {"fc1.weight"}, {0x1234}, {0x5678}}}});
  add(TrainerSaid{1, 0, {2, protocol::MetricValues{1, 1, {{"score", 0.1}}}}});
  add(TrainerSaid{1, 0, {3, protocol::Checkpoint{1, "last", "last-1.safetensors", std::string(64, 'c')}}});
  add(TrainerSaid{1, 0, {4, protocol::Finished{protocol::Outcome::kCompleted, std::string(64, 'f'), 1}}});
  add(AttemptEnded{1, 0, protocol::Outcome::kCompleted, "", 0.25});
  return record;
}

// A working folder with a script that stands for a user's program, and a sweep file for it.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "core/json.h"
#include "tests/sweep/commands/program.h"

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

inline constexpr char kScript[] = R"(#!/bin/sh
for argument; do case $argument in --x=*) x=${argument#*=} ;; esac; done
echo "step=1 loss=$x.5"
echo "step=2 loss=$x.25"
)";

inline constexpr char kSweep[] = R"({"method": "grid", "name": "own", "metric": {"name": "loss", "goal": "minimize"},
  "command": ["./train.sh", "${args}"], "parameters": {"x": {"values": [3, 1, 2]}}})";

// A folder with a script and a sweep file for it.
struct Shop : Workplace {
  explicit Shop(const std::string& script = kScript, const std::string& sweep_file = kSweep) {
    program("train.sh", script);
    write("sweep.json", sweep_file);
  }
  void program(const std::string& file, const std::string& text) const {
    write(file, text);
    ::chmod((path() / file).c_str(), 0755);
  }
  std::string csv() const { return sweep("report --format csv").out; }
  // The outcome and detail of the first trial.
  core::Json trial(int index = 0) const {
    const core::Json report = core::parse_json(sweep("report --json").out, "report");
    for (const core::Json& row : report.at("trials"))
      if (row.at("index") == index) return row;
    return {};
  }
};

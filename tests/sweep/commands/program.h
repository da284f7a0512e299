// Runs the real `sweep` in a folder of its own, as a shell would, and keeps what it said.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/json.h"
#include "tests/temporary_folder.h"

/// What one run of a program gave.
struct Said {
  int code = 0;
  std::string out, err;
};

/// A working folder with a small data set (points.csv), sweep files and, once something ran, ./runs.
class Workplace {
 public:
  Workplace();

  const std::filesystem::path& path() const { return folder_.path(); }
  void write(const std::string& file, const std::string& text) const;
  std::string read(const std::string& file) const;

  /// `sweep ARGUMENTS` through sh, in the folder; ARGUMENTS may redirect and pipe. The environment is clean.
  Said sweep(const std::string& arguments, const std::string& environment = "") const;

  /// Runs a grid of two trials of two epochs on points.csv, named `name`; its trials' ids by index.
  std::vector<std::string> run_points(const std::string& name = "points") const;

  /// Runs SQL on the store, as somebody else's program would; no row has a digest after it.
  void sql(const std::string& statement) const;
  /// Changes the store as a failing disk would: digests stay.
  void change(const std::string& statement) const;
  /// The line of the event of `kind` of trial `index`, the first one.
  std::string event_line(const std::string& kind, int index) const;
  void set_event_line(const std::string& kind, int index, const std::string& line) const;

 private:
  void forget_digests() const;

  TemporaryFolder folder_;
};

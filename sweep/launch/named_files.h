// What a trial opens by its name: its document and the pipe for its events. Descriptors of ours have names under /proc;
// where there is none (an empty root), a file and a named pipe do, in a folder that goes with this object. Called by
// local.cpp. Waits for nothing.
#pragma once

#include <filesystem>
#include <string>

#include "sweep/launch/start.h"

namespace sweep {

/// A path under which every process of this user opens what `fd` is here, as long as we live and hold it. A descriptor
/// that is inherited would not do: a program that starts others may close those, and Python's subprocess does.
std::string path_of(int fd);

/// A file in memory that nobody can change any more. Errors: EnvironmentError.
Descriptor make_document(const std::string& text);

class NamedFiles {
 public:
  /// Whether a path under /proc does instead.
  static bool are_needed();
  /// Errors: EnvironmentError where no temporary folder can be written.
  explicit NamedFiles(const std::string& document);
  ~NamedFiles();
  NamedFiles(const NamedFiles&) = delete;
  NamedFiles& operator=(const NamedFiles&) = delete;

  std::string document() const { return (folder_ / "trial.json").string(); }
  std::string events() const { return (folder_ / "events").string(); }
  /// Both ends of the named pipe. Errors: EnvironmentError.
  Pipe open_events() const;

 private:
  std::filesystem::path folder_;
};

}  // namespace sweep

// A capsule as what a replay works on: opened in a folder that goes away, with the flags that it takes. Called by
// replay.cpp. What is in the file and what may be started of it says capsule/open.h.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "sweep/capsule/open.h"
#include "sweep/commands/command.h"
#include "sweep/spec/spec.h"

namespace sweep {

struct CapsuleFlags {
  std::string data, program;
  bool trust_trainer = false, trust_command = false;
};
void declare_capsule_flags(CLI::App& subcommand, CapsuleFlags& flags);

/// Whether the word TRIAL is a file: it ends with .capsule or has a slash.
bool names_capsule(const std::string& word);

/// Errors: UserError that names a flag which was given, where TRIAL is no capsule.
void check_no_capsule_flags(const CapsuleFlags& flags);

/// Lies in a temporary folder, or under capsules/ of --runs where that was given. Removed at the end unless kept.
class CapsuleSource {
 public:
  /// Errors: as of Capsule::read and open_capsule; EnvironmentError where no folder can be made.
  CapsuleSource(const std::string& file, const CapsuleFlags& flags, const Globals& globals);
  ~CapsuleSource();
  CapsuleSource(const CapsuleSource&) = delete;
  CapsuleSource& operator=(const CapsuleSource&) = delete;

  const std::filesystem::path& runs() const { return folder_; }
  const TrialPlace& place() const { return opened_.place; }
  const std::string& digest() const { return capsule_.archive.digest; }
  /// Where to run without --device: a GPU's trial on a GPU where there is one, else on the CPU.
  Device device() const;
  /// "capsule …: 5 parts, none changed", and which build runs where it is another.
  std::string text() const;
  void keep() { is_kept_ = true; }

 private:
  Capsule capsule_;
  std::filesystem::path folder_;
  OpenedCapsule opened_;
  bool is_kept_ = false;
};

}  // namespace sweep

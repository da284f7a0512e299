// What a user's program is made of: the files whose content is part of each trial's identity, and a watch over them.
// Called by dispatch/ when a sweep begins (find_sources), at each trial's start (SourcesWatch) and by `sweep plan`.
// It reads files and asks git for a list; it writes nothing. What counts as a source: source_rules.h.
//
// The program's folder is that of `program`; without it that of the first item of the command that names a regular file
// under the working folder; behind `-m`, for a module under the working folder, the working folder; else there is none.
// Its files are those that git lists there (tracked, or untracked and not ignored), outside git a walk. Of these the
// sources count, and with them every file that the command names under the working or the program's folder, as an item
// or behind its '='. Not: the sweep file and other sweep files, what lies under the runs folder, what is gone.
// Links to files count by what they point to, links to folders are not followed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "core/known_digests.h"

namespace sweep {

inline constexpr std::size_t kMostSources = 20'000;
inline constexpr std::uint64_t kMostSourceBytes = 256u << 20;

struct SourceFile {
  std::string
      path;  ///< relative to the program's folder (the working folder where there is none), as path_text() has it
  std::string sha256;  ///< of its content; "unreadable" where it cannot be read
  std::uint64_t size = 0;

  bool operator==(const SourceFile&) const = default;
};

struct ProgramSources {
  std::filesystem::path folder;         ///< absolute; what the paths are relative to
  std::vector<std::string> command;     ///< resolved, as the digest has it
  std::vector<SourceFile> files;        ///< sorted by path
  std::vector<core::Problem> warnings;  ///< no source was found at all

  /// SHA-256 over the canonical JSON of {"command": […], "files": {path: sha256}}: what a trainer's identity holds.
  /// The folder is no part of it, nor is any state of git: a commit, a move and a copy change nothing.
  std::string digest() const;
  /// {"command", "digest", "files": {path: {"sha256", "size"}}, "folder"}, for the record; and back.
  core::Json to_json() const;
  /// Errors: UserError naming `place`.
  static ProgramSources from_json(const core::Json& json, std::string_view place);
};

struct SourcesRequest {
  std::filesystem::path working_folder;  ///< where `run` was typed; `program` and `command` are relative to it
  std::string program;                   ///< as the sweep file has it; empty where it has none
  std::vector<std::string> command;      ///< resolve_command()
  std::filesystem::path sweep_file;
  std::filesystem::path runs_folder;
};

/// Errors: UserError where `program` is no file (with the nearest name), and where more than kMostSources files or
/// kMostSourceBytes would count.
ProgramSources find_sources(const SourcesRequest& request);

/// Which recorded files are not now what they were: changed, gone or unreadable. Files that came since do not count.
class SourcesWatch {
 public:
  SourcesWatch(std::vector<SourceFile> recorded, std::filesystem::path folder);

  /// Their paths, sorted. A file that is as it was at the last look is not read again.
  std::vector<std::string> changed();

 private:
  std::string content(const SourceFile& file);

  std::vector<SourceFile> recorded_;
  std::filesystem::path folder_;
  core::KnownDigests known_;
};

/// One look without memory.
std::vector<std::string> changed_sources(const std::vector<SourceFile>& recorded, const std::filesystem::path& folder);

/// The digests of `inputs`, for a trial's identity: {path as written: sha256}. A file's is that of its content, a
/// folder's that over the canonical JSON of {relative path: sha256} of every file in it except those under .git, in a
/// runs folder and in an export (holds_results()); links to files count by content, links to folders are not followed.
/// `folder` is the sweep file's.
/// Errors: UserError that names every input which is not there or cannot be read.
core::Json input_digests(const std::vector<std::string>& inputs, const std::filesystem::path& folder);

/// A path as JSON can hold it: a byte that is not UTF-8 becomes \xNN, a backslash two. path_bytes() is the inverse.
std::string path_text(std::string_view bytes);
std::string path_bytes(std::string_view text);

}  // namespace sweep

// Where an export is written: a folder or a file that is not there until it is whole, and takes the place of nothing
// but an earlier export, which is kept beside it. What a killed export left is taken away by the next one to its path.
// Called by exports.cpp and the writers. It knows no format.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "core/new_file.h"

namespace sweep {

/// The first bytes of every file that is an export; a folder that is one has protocol::kExportFile.
inline constexpr std::string_view kExportFileBegin = R"({"directions":[)";

/// Errors of all functions: EnvironmentError that names the target and the reason; nothing is left then.
class ExportTarget {
 public:
  enum class Kind { kFolder, kFile };
  /// Errors: UserError where something is at `path`: without `force` anything, with it what no export wrote.
  ExportTarget(std::filesystem::path path, Kind kind, bool force);
  /// Takes away what was not committed.
  ~ExportTarget();
  ExportTarget(const ExportTarget&) = delete;
  ExportTarget& operator=(const ExportTarget&) = delete;

  /// A new file in the folder, and the folders that lead to it. Requires: kFolder; `name` is a path below it, new.
  void add(const std::string& name, std::string_view contents);
  void add_folder(const std::string& name);
  /// More of the file. Requires: kFile.
  void append(std::string_view contents);
  /// Syncs, and gives it its name. Called once, at the end.
  void commit();

  /// After commit(): where the earlier export is now; empty where there was none.
  const std::filesystem::path& kept() const { return kept_; }

  std::uint64_t files() const { return files_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  void make_temporary();
  void put_in_place();
  void replace();

  std::filesystem::path path_, temporary_, kept_;
  Kind kind_;
  bool replaces_ = false;
  int lock_ = -1;                        // of the temporary file or folder: it is held as long as somebody writes there
  std::unique_ptr<core::NewFile> file_;  // of kFile
  std::string buffer_;
  std::set<std::string> folders_;  // that were made
  std::uint64_t files_ = 0, bytes_ = 0;
};

}  // namespace sweep

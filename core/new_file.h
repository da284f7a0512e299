// A file that is made anew, piece by piece, and the names of a folder made to last. Used by write_file_durably
// (files.h), and by whoever writes more than fits into memory.
#pragma once

#include <filesystem>
#include <string_view>

namespace core {

/// Open for writing until it is destroyed. Errors: EnvironmentError that names the file and the reason.
class NewFile {
 public:
  /// `called`: its name in messages, where that is another one: the one that it is going to have. `mode`: its
  /// permissions, less the umask. Requires: nothing has the name `file`.
  explicit NewFile(const std::filesystem::path& file, std::filesystem::path called = {}, unsigned mode = 0666);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(std::string_view contents);
  void sync();

 private:
  std::filesystem::path called_;
  int fd_;
};

/// The names in `folder` then outlive a loss of power. Errors: EnvironmentError.
void sync_folder(const std::filesystem::path& folder);

}  // namespace core

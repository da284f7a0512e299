// What a process prints on one stream, kept: in memory while it is little, in a file once it is more. Used by
// local.cpp, one for standard output and one for standard error. Passive: it is told when to write.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "sweep/launch/start.h"

namespace sweep {

/// Output of at most so many bytes makes no file that stays.
inline constexpr std::size_t kSmallOutput = 4096;

class KeptOutput {
 public:
  /// `file` and its folder are made when they are needed.
  explicit KeptOutput(std::filesystem::path file) : file_(std::move(file)) {}

  void add(std::string_view bytes);
  /// Whether something stands in memory alone, where a reader of the file does not see it and our death would lose it.
  bool is_ahead_of_file() const { return !text_.empty() && written_ < text_.size(); }
  void write_file();
  /// How much came so far.
  std::uint64_t bytes() const { return bytes_; }
  /// At the end: all of it where that is little, and then no file is left; else nothing, and the file holds it.
  std::string take();

 private:
  void write(std::string_view bytes);

  std::filesystem::path file_;
  Descriptor out_;
  std::string text_;         ///< all of it, until it is more than kSmallOutput
  std::size_t written_ = 0;  ///< of text_
  std::uint64_t bytes_ = 0;  ///< that came
  bool is_large_ = false;
};

}  // namespace sweep

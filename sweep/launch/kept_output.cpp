// See kept_output.h.
#include "sweep/launch/kept_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace sweep {

void KeptOutput::add(std::string_view bytes) {
  bytes_ += bytes.size();
  if (is_large_) return write(bytes);
  text_.append(bytes);
  if (text_.size() <= kSmallOutput) return;
  is_large_ = true;
  write_file();
  text_ = {};
  written_ = 0;
}

void KeptOutput::write_file() {
  write(std::string_view(text_).substr(written_));
  written_ = text_.size();
}

std::string KeptOutput::take() {
  if (is_large_) return {};
  if (out_.is_open()) {
    out_.reset();
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
    std::filesystem::remove(file_.parent_path(), ignored);  // where nothing else is in it
  }
  return std::exchange(text_, {});
}

// A full disk costs the log, not the trial.
void KeptOutput::write(std::string_view bytes) {
  if (bytes.empty()) return;
  if (!out_.is_open()) {
    std::error_code ignored;
    std::filesystem::create_directories(file_.parent_path(), ignored);
    out_ = Descriptor(::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666));
  }
  while (!bytes.empty()) {
    const ssize_t written = ::write(out_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace sweep

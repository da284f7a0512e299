// See event_sink.h.
#include "trainer/training/event_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "core/error.h"

namespace trainer {

void EventSink::check_length(const protocol::Event& event, std::size_t bytes) {
  if (bytes <= protocol::kMaxEventBytes) return;
  throw core::UserError("event '" + std::string(protocol::event_name(event)) + "'",
                        "its line has " + std::to_string(bytes) + " bytes, at most " +
                            std::to_string(protocol::kMaxEventBytes) + " are read");
}

WriteLine append_to_descriptor(int descriptor, const std::string& name) {
  return [descriptor, name](std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(descriptor, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0 && errno == EPIPE) throw ReaderGone(name + ": nobody reads the events any more");
      if (written < 0)
        throw core::EnvironmentError(name, std::string("events cannot be written: ") + std::strerror(errno));
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  };
}

WriteLine append_to(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0)
    throw core::EnvironmentError(path, std::string("events cannot be written: ") + std::strerror(errno));
  const std::shared_ptr<const int> owner(new int(descriptor), [](const int* fd) {
    ::close(*fd);
    delete fd;
  });
  return [owner, write = append_to_descriptor(descriptor, path)](std::string_view text) { write(text); };
}

}  // namespace trainer

// See terminal.h.
#include "sweep/commands/terminal.h"

#include <sys/ioctl.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

namespace sweep {

std::optional<TerminalSize> terminal_size(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0) return std::nullopt;
  TerminalSize found;  // of a terminal that does not know its own
  if (size.ws_col > 0) found.columns = size.ws_col;
  if (size.ws_row > 0) found.rows = size.ws_row;
  return found;
}

std::optional<std::size_t> terminal_width(int descriptor) {
  if (const char* const text = std::getenv("COLUMNS")) {
    const char* const end = text + std::strlen(text);
    std::size_t columns = 0;
    const auto [stop, error] = std::from_chars(text, end, columns);
    if (error == std::errc() && stop == end && columns > 0) return columns;
  }
  const auto size = terminal_size(descriptor);
  return size ? std::optional(size->columns) : std::nullopt;
}

TerminalSize StreamTerminal::size() const { return terminal_size(::fileno(stream_)).value_or(TerminalSize{}); }

bool StreamTerminal::write(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream_);
  return std::fflush(stream_) == 0 && std::ferror(stream_) == 0;
}

}  // namespace sweep

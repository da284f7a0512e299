// The terminal that something is drawn on: its size, and text that goes there. Called by the live display of a running
// sweep and by `sweep report --watch`; tests have one of their own.
#pragma once

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string_view>

namespace sweep {

struct TerminalSize {
  std::size_t columns = 80, rows = 24;

  bool operator==(const TerminalSize&) const = default;
};

/// Of the terminal that the descriptor is; nothing where it is none.
std::optional<TerminalSize> terminal_size(int descriptor);

/// COLUMNS in the environment, else the columns of the terminal that the descriptor is, else nothing.
std::optional<std::size_t> terminal_width(int descriptor);

class Terminal {
 public:
  virtual ~Terminal() = default;
  virtual TerminalSize size() const = 0;
  /// Whether it was taken: whoever reads may have gone.
  virtual bool write(std::string_view text) = 0;
};

/// stdout or stderr.
class StreamTerminal : public Terminal {
 public:
  explicit StreamTerminal(std::FILE* stream) : stream_(stream) {}
  TerminalSize size() const override;
  bool write(std::string_view text) override;

 private:
  std::FILE* stream_;
};

}  // namespace sweep

// See output.h.
#include "sweep/commands/output.h"

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <ctime>

#include "sweep/commands/terminal.h"
#include "sweep/report/display.h"

namespace sweep {

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_json(const core::Json& json) { print(core::canonical_json(json) + "\n"); }

void note(const Globals& globals, std::string_view text) {
  if (globals.quiet) return;
  const std::string line = printable_lines(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void set_terminal(ReportOptions& options, const Globals& globals) {
  options.width = terminal_width(STDOUT_FILENO);
  options.color = globals.color && ::isatty(STDOUT_FILENO) == 1;
}

std::string utc_text(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

}  // namespace sweep

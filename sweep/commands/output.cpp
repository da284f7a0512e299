// See output.h.
#include "sweep/commands/output.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <ctime>

#include "sweep/report/display.h"

namespace sweep {

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_json(const core::Json& json) { print(core::canonical_json(json) + "\n"); }

void note(const Globals& globals, std::string_view text) {
  if (globals.quiet) return;
  const std::string line = printable_lines(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

std::string utc_text(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

std::string duration_text(double seconds) {
  if (seconds < 60) return fmt::format("{:.{}f} s", seconds, seconds < 10 ? 2 : 1);
  const auto whole = static_cast<std::int64_t>(seconds);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace sweep

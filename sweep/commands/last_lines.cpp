// See last_lines.h.
#include "sweep/commands/last_lines.h"

#include <fstream>

#include "protocol/files.h"
#include "sweep/dispatch/attempt.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

constexpr std::streamoff kTailBytes = 16 * 1024;
constexpr std::size_t kWidestLine = 200;

std::string tail_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return {};
  in.seekg(std::max<std::streamoff>(0, static_cast<std::streamoff>(in.tellg()) - kTailBytes));
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

std::vector<std::string> last_lines(std::string_view text, std::size_t lines) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::vector<std::string> found;
  while (!text.empty() && found.size() < lines) {
    const std::size_t before = text.rfind('\n');
    const std::string_view line = text.substr(before == std::string_view::npos ? 0 : before + 1);
    found.insert(found.begin(), printable(line, kWidestLine));
    text = before == std::string_view::npos ? std::string_view() : text.substr(0, before);
  }
  return found;
}

LastLines last_lines_of(const Store& store, const std::filesystem::path& runs, const std::string& trial,
                        const TrialPlace& place, std::uint32_t attempt, std::size_t lines) {
  const std::filesystem::path folder = attempt_folder(runs, trial, place.sweep, attempt);
  const auto lines_of = [&](int stream, const char* file) {
    const auto stored = store.output(place, attempt, stream);
    return last_lines(stored ? *stored : tail_of(folder / file), lines);
  };
  return {lines_of(1, protocol::kStdoutFile), lines_of(2, protocol::kStderrFile)};
}

}  // namespace sweep

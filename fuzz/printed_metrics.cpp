// Whatever a program prints, reading metrics from it ends, and gives what an event can hold. The first line of the
// input chooses the format, the second is the metric's name, the third the step's key, the fourth a pattern; the rest
// is output.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/utf8.h"
#include "fuzz/fuzz_target.h"
#include "protocol/event.h"
#include "sweep/program/printed_metrics.h"

namespace {

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text = end == text.npos ? std::string_view() : text.substr(end + 1);
  return line;
}

void check_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = core::utf8_length(text, at);
    core::check(length > 0, "what is shown or stored is UTF-8");
    at += length;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Format = sweep::ReadMetrics::Format;
  constexpr Format kFormats[] = {Format::kAny, Format::kJson, Format::kEquals, Format::kColon, Format::kRegex};
  std::string_view text(reinterpret_cast<const char*>(data), size);
  sweep::ReadMetrics read;
  const std::string_view format = take_line(text);
  if (!format.empty()) read.format = kFormats[static_cast<unsigned char>(format[0]) % 5];
  const std::string metric(take_line(text));
  read.step = take_line(text);
  read.pattern = take_line(text);
  try {
    sweep::PrintedMetrics printed(read, metric.empty() ? std::nullopt : std::optional(metric));
    while (!text.empty()) {
      const auto values = printed.add_line(take_line(text));
      if (!values) continue;
      core::check(!values->values.empty(), "values are never empty");
      const std::string line = protocol::Event{0, *values}.line();
      core::check(line.size() <= protocol::kMaxEventBytes, "an event holds the values of a line");
      core::check(protocol::Event::parse(line, "fuzz").line() == line, "an event reads back");
    }
    check_utf8(printed.nearest_line());
    for (const std::string& name : printed.names()) check_utf8(name);
  } catch (const core::UserError&) {
    core::check(read.format == Format::kRegex, "only a pattern can be refused");
  }
  return 0;
}

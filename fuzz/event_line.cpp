// Whatever a trainer writes on SWEEP_EVENTS is an event or a UserError, and an event written again reads back the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "fuzz/fuzz_target.h"
#include "protocol/event.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const std::string line = protocol::Event::parse(text, "fuzz").line();
    if (line.size() > protocol::kMaxEventBytes) return 0;  // escapes and digits may take more room than they came in
    core::check(protocol::Event::parse(line, "fuzz").line() == line, "an event reads back the same");
  } catch (const core::UserError&) {
  }
  return 0;
}

// See new_path.h.
#include "sweep/commands/new_path.h"

#include <fmt/format.h>

namespace sweep {

CLI::Validator new_path(const char* otherwise) {
  const auto complaint = [otherwise](const std::string& text) {
    return text.empty() ? fmt::format("'' names no file, name one, or leave the flag out: {}", otherwise)
                        : std::string();
  };
  return CLI::Validator([complaint](std::string& text) { return complaint(text); }, "");
}

}  // namespace sweep

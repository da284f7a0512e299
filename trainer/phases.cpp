// See phases.h.
#include "trainer/phases.h"

#include <fmt/format.h>

namespace trainer {

void Phases::end(std::string name) {
  const double now_s = now_s_();
  phases_.emplace_back(std::move(name), now_s - begun_s_);
  begun_s_ = now_s;
}

std::string Phases::text() const {
  std::string text;
  double all_s = 0;
  for (const auto& [name, seconds] : phases_) {
    text += fmt::format("{:<24} {:>10.3f} ms\n", name, seconds * 1e3);
    all_s += seconds;
  }
  return text + fmt::format("{:<24} {:>10.3f} ms\n", "all", all_s * 1e3);
}

}  // namespace trainer

// A trial beside a library that was built with -Ofast: it changes how the whole process treats denormals, and no bit of
// the trial.
#include <dlfcn.h>
#include <immintrin.h>

#include "protocol/data_set.h"
#include "tests/catch.h"
#include "tests/skip.h"
#include "trainer/training/trial.h"

namespace {

std::vector<std::string> told(int threads) {
  trainer::TrialOrder order;
  order.place = "trial.json";
  // Denormals in numbers: rates and gradients so small that weights and moments pass through them.
  order.document.config = {{"epochs", 2},          {"hidden", 16},       {"learning_rate", 1e-30}, {"optimizer", "sgd"},
                           {"activation", "tanh"}, {"clip_norm", 1e-30}, {"noise", 1e-38}};
  order.document.seed = 3;
  order.document.threads = threads;
  order.document.data =
      protocol::DataSource{"builtin:spirals", "", protocol::data_digest(protocol::locate_data("builtin:spirals"))};
  std::vector<std::string> lines;
  trainer::EventSink events([&](std::string_view line) {
    if (line.find("\"event\":\"started\"") == std::string_view::npos) lines.emplace_back(line);
  });
  trainer::run_trial(order, events);
  return lines;
}

}  // namespace

TEST_CASE("a library built with -Ofast in the same process changes no bit of a trial") {
  const std::vector<std::string> before = told(1);
  const unsigned found = _mm_getcsr();
  void* const library = ::dlopen(FAST_MATH_LIBRARY, RTLD_NOW);
  REQUIRE(library != nullptr);
  const bool flushes = (_mm_getcsr() & 0x8040) == 0x8040;
  std::vector<std::vector<std::string>> after;
  for (const int threads : {1, 2, 3}) after.push_back(told(threads));
  const bool still_flushes = (_mm_getcsr() & 0x8040) == 0x8040;
  _mm_setcsr(found);
  ::dlclose(library);
  if (!flushes) skip("this compiler's -Ofast leaves denormals alone");
  CHECK(still_flushes);  // what the rest of the process wants is given back
  for (const std::vector<std::string>& lines : after) CHECK(lines == before);
}

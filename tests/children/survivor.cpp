// A trainer that may be killed at any moment: each step follows from the one before and from the trial's seed, and
// every fourth is a checkpoint. It writes "INDEX ATTEMPT" to SURVIVOR_LOG when it starts, so that a test can count;
// every fifth trial leaves a process behind that no SIGTERM reaches and that is in a session of its own.
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/digest.h"
#include "core/json.h"

namespace {

constexpr std::uint64_t kSteps = 12;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void append(const std::string& file, const std::string& line) {
  std::ofstream out(file, std::ios::app);
  out << line + "\n" << std::flush;
}

class Events {
 public:
  Events() : out_(variable("SWEEP_EVENTS"), std::ios::app) {}
  void say(core::Json event) {
    event["seq"] = next_++;
    out_ << core::canonical_json(event) + "\n" << std::flush;
  }

 private:
  std::ofstream out_;
  std::uint64_t next_ = 0;
};

void leave_a_process_behind() {
  if (::fork() != 0) return;
  ::signal(SIGTERM, SIG_IGN);
  ::setsid();
  for (;;) ::pause();
}

}  // namespace

int main(int argc, char** argv) {
  const int index = std::stoi(variable("SWEEP_TRIAL_INDEX"));
  append(variable("SURVIVOR_LOG"), std::to_string(index) + " " + variable("SWEEP_ATTEMPT"));
  if (index % 5 == 0) leave_a_process_behind();

  std::uint64_t step = 0, state = std::stoull(variable("SWEEP_SEED"));
  for (int i = 1; i < argc; ++i)
    for (const char* at = argv[i]; *at != '\0'; ++at) state = state * 31 + static_cast<unsigned char>(*at);
  if (const std::string resume = variable("SWEEP_RESUME"); !resume.empty()) std::ifstream(resume) >> step >> state;

  Events events;
  events.say({{"event", "started"}, {"protocol", 1}, {"trainer", "survivor"}, {"resumed_from", step}});
  while (step < kSteps) {
    ::usleep(1500);
    ++step;
    state = state * 6364136223846793005u + 1442695040888963407u;
    const double loss = static_cast<double>(state >> 11) / 9007199254740992.0;
    events.say({{"event", "metric"}, {"step", step}, {"values", {{"loss", loss}}}});
    if (step % 4 != 0) continue;
    const std::filesystem::path folder = variable("SWEEP_CHECKPOINT_DIR");
    const std::string name = "last-" + std::to_string(step);
    const std::string text = std::to_string(step) + " " + std::to_string(state) + "\n";
    std::ofstream(folder / (name + ".part")) << text << std::flush;
    std::filesystem::rename(folder / (name + ".part"), folder / name);
    events.say({{"event", "checkpoint"},
                {"step", step},
                {"kind", "last"},
                {"file", name},
                {"sha256", core::sha256_hex(std::string_view(text))}});
  }
  events.say({{"event", "finished"}, {"outcome", "completed"}, {"step", step}});
}

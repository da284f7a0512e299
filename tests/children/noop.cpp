// A whole trainer that trains nothing: its loss is a function of its seed. --describe as a trainer answers it. While
// the file that NO_ROOM names is there, trials from the third on end as on a full disk. Its class of device under
// numerics fast is what NOOP_FAST says.
#include <unistd.h>

#include <cstring>

#include "tests/children/say.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--describe") == 0) {
    std::puts(
        R"({"identity":"noop/1","protocol":1,"hyperparameters":[{"name":"x","type":"integer","default":0,"min":0,"max":1000000,"help":"nothing"}],)"
        R"("metrics":["val_loss"],"devices":["cpu"],"data":[]})");
    return 0;
  }
  if (argc > 1 && std::strcmp(argv[1], "fast") == 0) {
    const char* device = std::getenv("NOOP_FAST");
    if (device != nullptr) return std::puts(device) < 0;
    std::fputs("a word before\ncuda: no NVIDIA GPU is visible\n", stderr);
    return 4;
  }
  const char* no_room = std::getenv("NO_ROOM");
  if (no_room != nullptr && std::atoi(std::getenv("SWEEP_TRIAL_INDEX")) >= 2 && ::access(no_room, F_OK) == 0) {
    SAY(R"({"event":"started","seq":0,"protocol":1,"trainer":"noop/1","resumed_from":0})");
    std::fputs("last-1.safetensors: cannot be written: No space left on device\n", stderr);
    return 4;
  }
  const unsigned seed = static_cast<unsigned>(std::atol(std::getenv("SWEEP_SEED")));
  SAY(R"({"event":"started","seq":0,"protocol":1,"trainer":"noop/1","resumed_from":0})");
  SAY(R"({"event":"metric","seq":1,"step":1,"epoch":1,"values":{"val_loss":%u.5}})", seed % 1000);
  SAY(R"({"event":"finished","seq":2,"outcome":"completed","step":1})");
}

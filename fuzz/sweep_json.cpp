// Any bytes as a sweep file in JSON.
#include "fuzz/fuzz_target.h"
#include "fuzz/sweep_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::read_sweep_file({reinterpret_cast<const char*>(data), size}, "sweep.json");
  return 0;
}

// What nvidia-smi prints, in the forms that it has been seen to print.
#include "sweep/gpus/gpu_text.h"

#include "tests/catch.h"

using sweep::Gpu;

namespace {

constexpr char kList[] =
    "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aa)\n"
    "GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bb)\n"
    "  MIG 3g.20gb     Device  0: (UUID: MIG-b0)\n"
    "  MIG 1c.2g.10gb  Device  1: (UUID: MIG-GPU-bb/2/0)\n"
    "Unable to determine the device handle for GPU 0000:41:00.0: Unknown Error\n"
    "GPU 3: Tesla: odd (really) (UUID: GPU-dd)\n";

}  // namespace

TEST_CASE("a list of GPUs is read, and a GPU with instances is these, not itself") {
  const std::vector<Gpu> gpus = sweep::read_gpu_list(kList);
  REQUIRE(gpus.size() == 4);
  CHECK(gpus[0].uuid == "GPU-aa");
  CHECK(gpus[0].number == "0");
  CHECK(gpus[0].model == "NVIDIA A100-SXM4-40GB");
  CHECK(!gpus[0].is_instance());
  CHECK(gpus[1].uuid == "MIG-b0");
  CHECK(gpus[1].number == "1:0");
  CHECK(gpus[1].model == "NVIDIA A100-SXM4-40GB MIG 3g.20gb");
  CHECK(gpus[1].card == "GPU-bb");
  CHECK(gpus[1].is_instance());
  CHECK(gpus[2].uuid == "MIG-GPU-bb/2/0");
  CHECK(gpus[2].number == "1:1");
  CHECK(gpus[3].number == "3");
  CHECK(gpus[3].model == "Tesla: odd (really)");
}

TEST_CASE("nonsense is no list of GPUs") {
  for (const char* text : {"", "No devices were found\n", "GPU", "GPU 0", "GPU 0: x (UUID: )", "GPU x: y (UUID: GPU-a)",
                           "MIG 1g.5gb Device 0: (UUID: MIG-a)", "GPU 0 x (UUID: G)", "(UUID: GPU 1: x)", "\xff\x00\n"})
    CHECK(sweep::read_gpu_list(text).empty());
}

TEST_CASE("figures are filled in, and a figure that there is not stays unknown") {
  std::vector<Gpu> gpus = sweep::read_gpu_list(kList);
  CHECK(sweep::read_figures("GPU-aa, 535.1, 8.0, 40960, 310, 7, Disabled\r\n"
                            "GPU-bb, 535.1, 8.0, 40960, 20, [N/A], Enabled\n"
                            "GPU-dd, [N/A], [N/A], [Not Supported], [N/A], [N/A], [N/A]\n"
                            "GPU-zz, 1, 1, 1, 1, 1, Disabled\nGPU-aa, too short\n",
                            gpus) == 4);
  CHECK(gpus[0].memory_mib == 40960);
  CHECK(gpus[0].used_mib == 310);
  CHECK(gpus[0].busy_percent == 7);
  CHECK(gpus[0].driver == "535.1");
  CHECK(gpus[1].compute_capability == "8.0");
  CHECK(!gpus[1].used_mib);  // that of the whole GPU says nothing of an instance
  CHECK(gpus[3].driver.empty());
  CHECK(!gpus[3].memory_mib);
  for (const Gpu& gpu : gpus) CHECK(gpu.problem.empty());
}

TEST_CASE("a figure that is an error is the problem of its GPU, and so is MIG mode without an instance") {
  std::vector<Gpu> gpus = sweep::read_gpu_list(kList);
  sweep::read_figures(
      "GPU-aa, 535.1, 8.0, [Unknown Error], ERR!, ERR!, Disabled\n"
      "GPU-bb, 535.1, 8.0, 40960, [GPU is lost], [N/A], Enabled\n"
      "GPU-dd, 535.1, 8.0, 40960, 4, [N/A], Enabled\n",
      gpus);
  CHECK(gpus[0].problem == "memory.total: [Unknown Error]");
  CHECK(gpus[1].problem == "memory.used: [GPU is lost]");
  CHECK(gpus[2].problem == "memory.used: [GPU is lost]");
  CHECK(gpus[3].problem == "it is in MIG mode and has no instance");
  sweep::read_figures("GPU-aa, 535.1, 8.0, 40960, 4, 0, Disabled\n", gpus);
  CHECK(gpus[0].problem.empty());
}

TEST_CASE("processes are read with the last word of their path, whatever it holds") {
  const auto processes = sweep::read_processes(
      "GPU-aa, 4711, 12595, /opt/my, env/bin/python3\nMIG-b0, 12, [N/A], [Not Found]\nGPU-aa, x, 1, y\n\nGPU-aa\n");
  REQUIRE(processes.size() == 2);
  CHECK(processes[0].gpu == "GPU-aa");
  CHECK(processes[0].pid == 4711);
  CHECK(processes[0].mib == 12595);
  CHECK(processes[0].name == "python3");
  CHECK(processes[1].pid == 12);
  CHECK(!processes[1].mib);
  CHECK(processes[1].name.empty());
}

TEST_CASE("what is quoted is one line of printable characters, and not a long one") {
  CHECK(sweep::first_line("\n \n  NVIDIA-SMI has failed\nmore") == "NVIDIA-SMI has failed");
  CHECK(sweep::first_line("a\x1b[2Jb\xc3\xa9") == "a?[2Jb??");
  CHECK(sweep::first_line(std::string(5000, 'x')).size() == 200);
  CHECK(sweep::first_line("").empty());
}

// What --gpus and CUDA_VISIBLE_DEVICES mean.
#include "sweep/gpus/gpu_choice.h"

#include "core/error.h"
#include "sweep/gpus/gpu_text.h"
#include "tests/catch.h"

using sweep::Gpu;

namespace {

std::vector<Gpu> present() {
  return sweep::read_gpu_list(
      "GPU 0: A100 (UUID: GPU-5f3a)\nGPU 1: A100 (UUID: GPU-5f3b)\n  MIG 1g     Device  0: (UUID: MIG-77)\n"
      "  MIG 1g     Device  1: (UUID: MIG-78)\nGPU 2: A100 (UUID: GPU-60)\nGPU 10: A100 (UUID: GPU-99)\n");
}

std::string numbers(const std::vector<Gpu>& gpus) {
  std::string text;
  for (const Gpu& gpu : gpus) text += (text.empty() ? "" : " ") + gpu.number;
  return text;
}

std::string chosen(const std::vector<std::string>& words) { return numbers(sweep::choose_gpus(present(), words)); }
std::string visible(const std::string& variable) { return numbers(sweep::visible_gpus(present(), variable)); }

}  // namespace

TEST_CASE(
    "GPUs are chosen by number, by instance and by the beginning of a UUID, each once, in the order of the words") {
  CHECK(chosen({"2", "0"}) == "2 0");
  CHECK(chosen({"0", " 00", "GPU-5f3a", "10"}) == "0 10");
  CHECK(chosen({"1:1"}) == "1:1");
  CHECK(chosen({"MIG-78", "MIG-77"}) == "1:1 1:0");
  CHECK(chosen({"GPU-6"}) == "2");
}

TEST_CASE("a GPU in MIG mode stands for its instances") {
  CHECK(chosen({"1"}) == "1:0 1:1");
  CHECK(chosen({"GPU-5f3b"}) == "1:0 1:1");
}

TEST_CASE("a GPU that is not there is an error that says what is") {
  for (const char* word : {"3", "1:2", "0:0", "GPU-7", "", "x", ":", "1:", "-1", "99999999999999999999"})
    CHECK_THROWS_AS(chosen({word}), core::EnvironmentError);
  CHECK_THROWS_WITH(chosen({"0", "3"}),
                    "--gpus: there is no GPU '3', this machine has 0 (A100, GPU-5f3a), 1:0 (A100 MIG 1g, MIG-77), 1:1 "
                    "(A100 MIG 1g, MIG-78), 2 (A100, GPU-60), 10 (A100, GPU-99)");
}

TEST_CASE("the beginning of two UUIDs is an error that names both") {
  CHECK_THROWS_AS(chosen({"GPU-5f3"}), core::UserError);
  CHECK_THROWS_WITH(chosen({"MIG-7"}),
                    "--gpus: 'MIG-7' is the beginning of 2 UUIDs, write more of one: 1:0 (A100 MIG "
                    "1g, MIG-77), 1:1 (A100 MIG 1g, MIG-78)");
}

TEST_CASE("a broken GPU cannot be chosen") {
  std::vector<Gpu> gpus = present();
  gpus[0].problem = "memory.used: [GPU is lost]";
  CHECK_THROWS_WITH(sweep::choose_gpus(gpus, {"0"}),
                    "--gpus: GPU 0 cannot be used: memory.used: [GPU is lost], choose another");
}

TEST_CASE("CUDA_VISIBLE_DEVICES counts up to its first entry that names no GPU, as CUDA reads it") {
  CHECK(visible("2,0") == "2 0");
  CHECK(visible(" GPU-6 , MIG-78") == "2 1:1");
  CHECK(visible("0,-1,2") == "0");
  CHECK(visible("0,7,2") == "0");
  CHECK(visible("0,GPU-5f3,2") == "0");
  CHECK(visible("").empty());
  CHECK(visible("-1").empty());
  CHECK(visible("NoDevFiles").empty());
  CHECK(visible("1") == "1:0");
}

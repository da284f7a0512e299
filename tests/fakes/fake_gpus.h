// A machine of eight GPUs as tests/fakes/nvidia-smi shows it: 0 to 3 are whole, 4 has two MIG instances, 5 is in MIG
// mode without one, 6 has fallen off the bus, 7 is whole. Their UUIDs are no other test's: slots are locked on the
// whole machine.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/temporary_folder.h"

class FakeGpus {
 public:
  FakeGpus() {
    std::string list,
        figures = "uuid|driver_version|compute_cap|memory.total|memory.used|utilization.gpu|mig.mode.current\n";
    for (int i = 0; i < 8; ++i) {
      list += "GPU " + std::to_string(i) + ": NVIDIA A100-SXM4-40GB (UUID: " + uuid(i) + ")\n";
      if (i == 4)
        for (int k = 0; k < 2; ++k)
          list += "  MIG 3g.20gb     Device  " + std::to_string(k) + ": (UUID: " + instance(k) + ")\n";
      const char* busy = i == 4 || i == 5 ? "[N/A]|Enabled" : "0|Disabled";
      const char* memory = i == 6 ? "[Unknown Error]|[Unknown Error]|" : "40960|4|";
      figures += uuid(i) + "|535.104|8.0|" + memory + (i == 6 ? "ERR!|Disabled" : busy) + "\n";
    }
    folder_.write("list", list);
    folder_.write("gpus", figures);
    std::filesystem::create_directory(path() / "apps");
    std::filesystem::create_directory(path() / "used");
  }

  const std::filesystem::path& path() const { return folder_.path(); }
  std::string uuid(int gpu) const { return "GPU-" + std::to_string(gpu) + "e57" + tag_; }
  std::string instance(int k) const { return "MIG-" + std::to_string(k) + "e57" + tag_; }

  void use_memory(int gpu, int mib) const { replace("used/" + uuid(gpu), std::to_string(mib) + "\n"); }
  void add_process(int pid, const std::string& gpu, int mib, const std::string& name) const {
    replace("apps/" + std::to_string(pid),
            gpu + "|" + std::to_string(pid) + "|" + std::to_string(mib) + "|" + name + "\n");
  }
  void remove_process(int pid) const { std::filesystem::remove(path() / "apps" / std::to_string(pid)); }
  void fail(int code, const std::string& text) const { replace("exit", std::to_string(code) + "\n" + text + "\n"); }
  void hang() const { replace("hang", ""); }
  void mend() const {
    std::filesystem::remove(path() / "exit");
    std::filesystem::remove(path() / "hang");
  }

  /// How often nvidia-smi was called.
  int calls() const {
    std::ifstream file(path() / "calls");
    int count = 0;
    for (std::string line; std::getline(file, line);) ++count;
    return count;
  }

  /// NAME=value words for a shell.
  std::string environment() const {
    return "PATH='" SWEEP_SOURCE_DIR "/tests/fakes':\"$PATH\" FAKE_GPUS='" + path().string() + "'";
  }
  /// The same for this process.
  void install() const {
    const std::string fakes = SWEEP_SOURCE_DIR "/tests/fakes", before = std::getenv("PATH");
    if (!before.starts_with(fakes)) ::setenv("PATH", (fakes + ":" + before).c_str(), 1);
    ::setenv("FAKE_GPUS", path().c_str(), 1);
  }

 private:
  // In one step: somebody may be reading it.
  void replace(const std::string& name, const std::string& text) const {
    std::filesystem::rename(folder_.write("new", text), path() / name);
  }

  TemporaryFolder folder_;
  std::string tag_ = "-" + std::to_string(::getpid()) + "-" + folder_.path().filename().string();
};

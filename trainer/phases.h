// How long each phase of a trial's start took: what sweep-trainer --timings prints. Caller: main.cpp. It measures on
// the host: a phase that leaves work on a GPU is told to wait for it by whoever ends the phase.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace trainer {

class Phases {
 public:
  /// `now_s`: monotonic seconds. The first phase begins now.
  explicit Phases(std::function<double()> now_s) : now_s_(std::move(now_s)), begun_s_(now_s_()) {}

  /// The phase that ran until now, by name, and the next begins.
  void end(std::string name);

  /// A line a phase, with milliseconds, and their sum.
  std::string text() const;

 private:
  std::function<double()> now_s_;
  double begun_s_;
  std::vector<std::pair<std::string, double>> phases_;
};

}  // namespace trainer

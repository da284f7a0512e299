// A launcher without processes: each attempt follows a script. It records what was started and stopped.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "sweep/launch/launcher.h"

struct Script {
  std::vector<std::string> lines;
  sweep::Exit exit;
  bool stays = false;                     ///< until it is stopped; then its exit is `exit`
  std::string problem;                    ///< cannot be started, for this reason
  std::vector<std::string> printed = {};  ///< on standard output, before the lines
  int turns = 0;                          ///< how often all others get their turn before it ends
  sweep::Output output = {};
  std::string silent_problem = {};  ///< its lines cannot be read, for this reason
  std::string no_room = {};         ///< the machine cannot start it, for this reason
};

class FakeLauncher : public sweep::Launcher {
 public:
  using Scripts = std::map<std::pair<std::uint64_t, std::uint32_t>, Script>;  ///< by trial index and attempt

  FakeLauncher(boost::asio::any_io_executor executor, std::size_t slots) : executor_(std::move(executor)) {
    for (std::size_t i = 0; i < slots; ++i) slots_.push_back({"cpu:" + std::to_string(i), "cpu", ""});
  }

  FakeLauncher(boost::asio::any_io_executor executor, std::vector<sweep::Slot> slots)
      : executor_(std::move(executor)), slots_(std::move(slots)) {}

  Scripts scripts;
  std::function<std::optional<Script>(const std::map<std::string, std::string>& environment)> script_for;  ///< first
  Script otherwise;                                    ///< for attempts without a script
  std::function<void(std::uint64_t index)> on_start;   ///< called after each start
  std::function<bool(const sweep::Slot&)> on_acquire;  ///< whether a slot that nobody holds may be had; empty: yes
  std::function<void(const sweep::Slot&)> on_release;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> started;
  std::vector<std::map<std::string, std::string>> environments;
  std::vector<std::string> documents;
  std::vector<std::string> strays;               ///< markers whose strays were ended
  std::vector<double> graces;                    ///< of each stop
  std::set<std::string> held_elsewhere;          ///< slots
  std::map<std::string, sweep::SlotWait> waits;  ///< why, by slot
  std::size_t running = 0, most_running = 0;
  bool spare_core = false;

  const std::vector<sweep::Slot>& slots() const override { return slots_; }
  bool acquire(const sweep::Slot& slot) override {
    return !held_elsewhere.contains(slot.name) && (!on_acquire || on_acquire(slot));
  }
  void release(const sweep::Slot& slot) override {
    if (on_release) on_release(slot);
  }
  bool has_spare_core() const override { return spare_core; }
  void end_strays(const std::set<std::string>& markers) override {
    strays.insert(strays.end(), markers.begin(), markers.end());
  }
  sweep::SlotWait why_not(const sweep::Slot& slot) const override {
    return waits.contains(slot.name) ? waits.at(slot.name) : sweep::SlotWait{};
  }

  std::unique_ptr<sweep::Process> start(const sweep::Order& order) override {
    std::map<std::string, std::string>& environment = environments.emplace_back();
    for (const std::string& entry : order.environment)
      environment[entry.substr(0, entry.find('='))] = entry.substr(entry.find('=') + 1);
    const std::pair<std::uint64_t, std::uint32_t> who = {std::stoull(environment.at("SWEEP_TRIAL_INDEX")),
                                                         std::stoul(environment.at("SWEEP_ATTEMPT"))};
    started.push_back(who);
    documents.push_back(order.document);
    std::optional<Script> chosen = script_for ? script_for(environment) : std::nullopt;
    const Script script = chosen ? *chosen : scripts.contains(who) ? scripts.at(who) : otherwise;
    if (!script.problem.empty()) throw sweep::CannotStart(order.argv[0], script.problem);
    if (!script.no_room.empty()) throw core::EnvironmentError("pipe", script.no_room);
    most_running = std::max(most_running, ++running);
    auto process = std::make_unique<FakeProcess>(*this, script);
    if (on_start) on_start(who.first);
    return process;
  }

 private:
  class FakeProcess : public sweep::Process {
   public:
    FakeProcess(FakeLauncher& launcher, Script script)
        : launcher_(launcher),
          script_(std::move(script)),
          stopped_(launcher.executor_, boost::asio::steady_timer::time_point::max()) {}

    boost::asio::awaitable<sweep::Written> lines() override {
      if (!script_.silent_problem.empty()) throw core::EnvironmentError("pipe", script_.silent_problem);
      if (!script_.printed.empty()) co_return sweep::Written{{}, std::exchange(script_.printed, {})};
      if (!script_.lines.empty()) co_return sweep::Written{std::exchange(script_.lines, {}), {}};
      for (; script_.turns > 0; --script_.turns)
        co_await boost::asio::post(launcher_.executor_, boost::asio::use_awaitable);
      while (script_.stays) co_await stopped_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      co_return sweep::Written();
    }
    sweep::Exit exit() const override { return script_.exit; }
    sweep::Output take_output() override {  // asked once, at the end
      --launcher_.running;
      return script_.output;
    }
    void stop(double grace_s) override {
      launcher_.graces.push_back(grace_s);
      if (grace_s == 0) script_.exit = {0, SIGKILL};
      script_.turns = 0;
      script_.stays = false;
      stopped_.cancel();
    }

   private:
    FakeLauncher& launcher_;
    Script script_;
    boost::asio::steady_timer stopped_;
  };

  boost::asio::any_io_executor executor_;
  std::vector<sweep::Slot> slots_;
};

// Workers: processes that run trial after trial of one slot. A trial on one is a Process as any other: lines until the
// word that it is done, then an exit with code 0; where the worker ends instead, that is the trial's end. Used by
// local.cpp. It decides nothing but when a worker has had enough.
//
// A worker is let go after an error, after it was asked to stop, where it wrote an event between two trials, and after
// kTrialsOfAWorker trials.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "sweep/launch/launcher.h"
#include "sweep/launch/start.h"

namespace sweep {

/// What leaks a little in each trial does not come far.
inline constexpr int kTrialsOfAWorker = 1000;

/// A process that stays for several trials, so that what it prints is told apart by trial.
class Resident : public Process {
 public:
  /// False: it has ended, or has written an event that belongs to no trial. Requires: no trial runs on it.
  virtual bool is_ready() = 0;
  /// What it prints from now on belongs to this order; what came since end_output() to none, and is not kept.
  virtual void begin_output(const Order& order) = 0;
  /// What it has printed since, as take_output().
  virtual Output end_output() = 0;
};

class Workers : public std::enable_shared_from_this<Workers> {
 public:
  /// Starts a worker whose standard input is the descriptor.
  using Start = std::function<std::unique_ptr<Resident>(const Order&, int orders)>;

  /// It lives as long as the executor's context, or until end(): a worker's process must not outlive that, as a
  /// launcher does.
  static std::weak_ptr<Workers> make(boost::asio::any_io_executor executor, Start start,
                                     int trials_of_a_worker = kTrialsOfAWorker);

  /// Gives the order to the slot's worker, a new one where there is none. Null: the order is too large for that, and
  /// needs a process of its own. Errors: as Launcher::start().
  std::unique_ptr<Process> assign(const Order& order, const std::string& slot);
  /// Whether the slot has a worker that waits for a trial.
  bool has_idle(const std::string& slot) const { return idle_.contains(slot); }
  /// Ends the workers that wait, and keeps none any more.
  void end();

 private:
  struct Worker {
    Descriptor orders;  ///< its standard input; closing it lets the worker end
    std::unique_ptr<Resident> process;
    int trials = 0;
  };
  class Trial;

  Workers(boost::asio::any_io_executor executor, Start start, int trials_of_a_worker);
  Worker start_one(const Order& order);
  void take_back(Worker worker, const std::string& slot);

  Start start_;
  const int trials_of_a_worker_;
  std::map<std::string, Worker> idle_;  ///< by slot
  bool ended_ = false;
  boost::asio::steady_timer keeper_;  ///< never expires; its handler holds this object
};

}  // namespace sweep

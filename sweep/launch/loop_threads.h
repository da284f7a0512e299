// The threads of one event loop. One thread that waits for everything is woken on the processor where it slept last:
// with as many trials as processors it interrupts one of them there, while the processor whose trial has just ended
// stands idle. So each process may have a thread that waits for its end: it wakes where the process ended, and goes on
// with the loop itself, records the result and starts the next process, for whose end it waits then. One thread at a
// time runs the loop's handlers, under one lock: nothing of the loop knows that there are several. Made by dispatch/
// around its loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "sweep/launch/start.h"

namespace sweep {

/// How many threads of this kind are worth it: as many as slots where these are as many as processors, and two. With a
/// processor free the loop has it; and the more wait for its lock the less is gained. Measured on two processors
/// (bench/results/throughput-2026-11-27.txt): with three slots nothing, with four and more a loss.
std::size_t threads_worth_having(std::size_t slots, std::size_t processors);

class LoopThreads {
 public:
  /// With so many threads that wait for a process, or none where the system gives none. Requires: nobody else runs the
  /// context.
  LoopThreads(boost::asio::io_context& context, std::size_t waiting);
  ~LoopThreads();
  LoopThreads(const LoopThreads&) = delete;
  LoopThreads& operator=(const LoopThreads&) = delete;

  /// As io_context::run(), until it is stopped or has nothing left to do. The threads have ended then: what one of them
  /// started, to die with its parent, dies too. Throws what a handler threw, in whichever thread. Called once.
  void run();

  /// Has a thread wait until the process has ended, and call `on_exit` as a handler of the loop. True: `pidfd` was
  /// taken. False: no thread is free, and the caller sees to it. Requires: called by a handler of the loop.
  bool await_exit(Descriptor& pidfd, std::function<void()> on_exit);

  /// For any other thread, after it has posted something to the context.
  void nudge() const;

 private:
  struct Waiting {
    Descriptor pidfd;  ///< under the lock, as is `on_exit`; open while it waits for a process
    std::function<void()> on_exit;
    std::thread thread;
  };

  // In the order in which they ask: one that runs the loop without end would have a mutex again at once.
  class FairLock {
   public:
    void lock();
    void unlock();

   private:
    std::mutex mutex_;
    std::condition_variable next_;
    std::uint64_t asked_ = 0, served_ = 0;
  };

  void wait(Waiting& self);
  bool go_on(const std::function<void()>& first = {});
  void end();

  boost::asio::io_context& context_;
  int ready_;                          ///< readable when the context has something to do
  Descriptor stop_;                    ///< readable from when the threads are to end
  FairLock mutex_;                     ///< held by whoever runs the loop; all below is under it
  std::condition_variable_any given_;  ///< one has something to wait for, or they are to end
  std::vector<Waiting> waiting_;
  Waiting* current_ = nullptr;  ///< who holds the lock, if it is one of them
  std::exception_ptr failure_;
  bool ends_ = false;
};

}  // namespace sweep

// See gpu_watch.h.
#include "sweep/launch/gpu_watch.h"

#include <signal.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <tuple>

namespace sweep {
namespace {

namespace asio = boost::asio;

constexpr auto kUnclaimed = std::chrono::seconds(1);

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

GpuWatch::GpuWatch(asio::any_io_executor executor, GpuSlots& slots, Ask ask,
                   std::function<void(const std::string&)> note, std::function<void()> changed,
                   std::function<void()> posted)
    : executor_(executor),
      slots_(slots),
      ask_(std::move(ask)),
      changed_(std::move(changed)),
      posted_(std::move(posted)),
      drop_(executor) {
  Pipe stop = make_pipe();
  stop_read_ = std::move(stop.read_end);
  stop_write_ = std::move(stop.write_end);
  sigset_t all, before;  // signals are for the loop's thread
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this, stop = stop_read_.get()] { work(stop); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  slots_.set_looks({[this] { return this->ask(); }, now_s, std::move(note)});
}

GpuWatch::~GpuWatch() {
  slots_.set_looks({});
  *alive_ = false;
  {
    const std::lock_guard guard(mutex_);
    ends_ = true;
  }
  stop_write_.reset();
  wanted_changed_.notify_all();
  thread_.join();
}

std::uint64_t GpuWatch::ask() {
  if (is_to_begin_) return last_;
  is_to_begin_ = true;
  ++last_;
  asio::post(executor_, [this, alive = alive_] {
    if (!*alive) return;
    is_to_begin_ = false;
    {
      const std::lock_guard guard(mutex_);
      wanted_ = last_;
    }
    wanted_changed_.notify_all();
  });
  return last_;
}

void GpuWatch::answered(std::uint64_t number, GpuAnswer answer) {
  slots_.looked(number, std::move(answer));
  changed_();
  drop_.expires_after(kUnclaimed);
  drop_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (!error && *alive) slots_.drop_unclaimed();
  });
}

void GpuWatch::work(int stop) {
  for (std::uint64_t done = 0;;) {
    {
      std::unique_lock lock(mutex_);
      wanted_changed_.wait(lock, [&] { return ends_ || wanted_ > done; });
      if (ends_) return;
      done = wanted_;
    }
    GpuAnswer answer = ask_(stop);
    const std::lock_guard guard(mutex_);
    if (ends_) return;
    asio::post(executor_, [this, alive = alive_, done, answer = std::move(answer)]() mutable {
      if (*alive) answered(done, std::move(answer));
    });
    if (posted_) posted_();
  }
}

}  // namespace sweep

// See local.h.
#include "sweep/launch/local.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "protocol/trial_document.h"
#include "sweep/launch/named_files.h"
#include "sweep/launch/process_watch.h"

namespace sweep {
namespace {

namespace asio = boost::asio;

constexpr double kStrayPatienceS = 1.0;
constexpr auto kLookForStraysAfter = std::chrono::milliseconds(100);
// What one attempt has, the next hundred do not. A table of more than 256 descriptors takes longer to copy into a
// child.
constexpr int kFirstNumber = 48, kLastNumber = 248;

class LocalProcess : public Resident {
 public:
  explicit LocalProcess(std::shared_ptr<ProcessWatch> watch) : watch_(std::move(watch)) {}

  ~LocalProcess() override {
    if (!watch_->exited) {
      watch_->signal(SIGKILL);
      watch_->reap();
    }
    watch_->close();
  }

  void go() override {
    watch_->begins();
    watch_->child->go();
    watch_->has_begun();
  }

  asio::awaitable<Written> lines() override {
    const std::shared_ptr<ProcessWatch> watch = watch_;
    // A child that floods its pipes keeps nobody else waiting: not the others, not its own exit.
    if (std::exchange(watch->gave, false)) co_await asio::post(watch->wake.get_executor(), asio::use_awaitable);
    for (;;) {
      const bool exited = watch->exited;  // asked before reading: what it wrote before its exit is in the pipe
      if (watch->was_read_after_exit) co_return watch->take_rest();
      watch->was_read_after_exit = exited;
      if (Written written = watch->take(); !written.empty()) {
        watch->gave = true;
        co_return written;
      }
      if (exited) co_return watch->take_rest();
      co_await watch->something();
    }
  }

  Exit exit() const override {
    core::check(watch_->exited, "exit() of a process that runs");
    return watch_->how;
  }

  Output take_output() override {
    core::check(watch_->was_read_after_exit, "take_output() of a process that runs");
    return {watch_->kept_out.take(), watch_->kept_err.take()};
  }

  bool is_ready() override { return !watch_->exited && !watch_->is_zombie() && watch_->is_silent(); }
  void begin_output(const Order& order) override { watch_->begin_output(order); }
  Output end_output() override { return watch_->end_output(); }

  std::optional<OverMemory> over_memory() const override {
    return watch_->memory ? watch_->memory->over() : std::nullopt;
  }

  std::uint64_t printed_bytes() const override { return watch_->kept_out.bytes() + watch_->kept_err.bytes(); }

  void stop(double grace_s) override {
    if (watch_->exited) return;
    watch_->signal(grace_s > 0 ? SIGTERM : SIGKILL);
    const auto until =
        std::chrono::steady_clock::now() +
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(grace_s));
    if (stopping_ && until >= watch_->grace.expiry()) return;
    stopping_ = true;
    watch_->grace.expires_at(until);
    watch_->grace.async_wait([watch = watch_](const boost::system::error_code& error) {
      if (!error && !watch->exited) watch->signal(SIGKILL);
    });
  }

 private:
  std::shared_ptr<ProcessWatch> watch_;
  bool stopping_ = false;
};

}  // namespace

// A warden or a terminal that went away must not end a sweep.
LocalLauncher::LocalLauncher(asio::any_io_executor executor, std::vector<Slot> slots)
    : executor_(executor),
      slots_(std::move(slots)),
      gpu_slots_(slots_),
      memory_limits_(executor),
      next_number_(kFirstNumber),
      on_sigpipe_(::signal(SIGPIPE, SIG_IGN)) {}

LocalLauncher::~LocalLauncher() {
  end_left();
  ::signal(SIGPIPE, on_sigpipe_);
}

bool LocalLauncher::acquire(const Slot& slot) {
  return slot.gpu.empty() || kept_slots_.erase(slot.name) > 0 || gpu_slots_.acquire(slot);
}

// What a waiting worker holds on a GPU would keep others from it, and look to us as if it were theirs.
void LocalLauncher::release(const Slot& slot) {
  const std::shared_ptr<Workers> workers = workers_.lock();
  if (!slot.gpu.empty() && workers && workers->has_idle(slot.name))
    kept_slots_.emplace(slot.name, slot);
  else
    gpu_slots_.release(slot);
}

std::unique_ptr<Resident> LocalLauncher::make(const Order& order, Begin begin, int in) {
  std::error_code ignored;
  if (!order.folder.empty() && !std::filesystem::is_directory(order.folder, ignored))
    throw CannotStart(order.folder.string(), "is no folder, but the trial runs in it");
  Descriptor document = with_new_number(make_document(order.document));
  const auto named = NamedFiles::are_needed() ? std::make_shared<const NamedFiles>(order.document) : nullptr;
  Pipe events = named ? named->open_events() : make_pipe(), out = make_pipe(), err = make_pipe();
  events.read_end = with_new_number(std::move(events.read_end));
  StartRequest request{order.argv,          order.environment,     out.write_end.get(),
                       err.write_end.get(), order.folder.string(), in};
  request.environment.push_back(std::string(protocol::kEnvTrial) + "=" +
                                (named ? named->document() : path_of(document.get())));
  request.environment.push_back(std::string(protocol::kEnvEvents) + "=" +
                                (named ? named->events() : path_of(events.read_end.get())));
  const auto watch = std::make_shared<ProcessWatch>(executor_, order, std::move(document), std::move(events),
                                                    std::move(out.read_end), std::move(err.read_end));
  watch->program = order.argv[0];
  watch->named = named;
  warden_.watch(order.marker);
  if (left_.contains(order.marker)) end_left();  // or it would be taken for what an earlier one left
  watch->on_end = [this, of = watch.get()] { ready_next(*of); };
  watch->on_exit = [this, marker = order.marker, of = watch.get()] {
    living_.erase(of->pid());
    if (of->began)
      end_strays_soon(marker, of->pid(), std::chrono::steady_clock::now() - of->made);
    else
      warden_.forget(marker);
    if (of->memory) of->memory->settle();
  };

  watch->began = begin == Begin::kAtOnce;
  watch->child.emplace(std::move(request), begin);
  out.write_end.reset();
  err.write_end.reset();
  living_.insert(watch->pid());
  auto process = std::make_unique<LocalProcess>(watch);  // whatever goes wrong from here on ends it
  const pid_t pid = watch->pid();
  warden_.watch(order.marker, pid);
  // While it waits it has this process's memory, which is not its own. And where no processor is free, what it says
  // first would interrupt another one.
  watch->begins = [this, of = watch.get(), marker = order.marker, bytes = order.memory_bytes] {
    of->began = true;
    of->reads_at_once = has_spare_core();
    if (bytes > 0) of->memory = memory_limits_.keep(marker, of->pid(), bytes);
  };
  watch->has_begun = [this, of = watch.get()] { of->await_exit(of->reads_at_once ? nullptr : threads_); };
  if (begin == Begin::kWhenTold) prepared_ = watch;
  if (begin == Begin::kAtOnce) {
    watch->begins();
    watch->has_begun();
  }
  return process;
}

// Where one has ended, what is prepared most likely takes its place: its processor wakes it meanwhile.
void LocalLauncher::ready_next(const ProcessWatch& after) {
  const std::shared_ptr<ProcessWatch> next = prepared_.lock();
  if (next && next.get() != &after && !next->began && !next->exited) next->child->ready();
}

std::unique_ptr<Process> LocalLauncher::prepare(const Order& order) { return make(order, Begin::kWhenTold); }

std::unique_ptr<Process> LocalLauncher::start(const Order& order) { return make(order, Begin::kAtOnce); }

std::unique_ptr<Process> LocalLauncher::assign(const Order& order, const Slot& slot) {
  if (workers_.expired())
    workers_ = Workers::make(executor_,
                             [this](const Order& first, int orders) { return make(first, Begin::kAtOnce, orders); });
  std::unique_ptr<Process> process = workers_.lock()->assign(order, slot.name);
  return process ? std::move(process) : start(order);
}

void LocalLauncher::end_waiting() {
  if (const std::shared_ptr<Workers> workers = workers_.lock()) workers->end();
  workers_.reset();  // trials that run still hold it
  for (const auto& [name, slot] : kept_slots_) gpu_slots_.release(slot);
  kept_slots_.clear();
}

void LocalLauncher::end_strays(const std::set<std::string>& markers) {
  end_carriers(markers, kStrayPatienceS);
  for (const std::string& marker : markers) {
    left_.erase(marker);
    warden_.forget(marker);
  }
}

void LocalLauncher::end_left() {
  end_carriers(left_, kStrayPatienceS, leaders_left_);
  for (const std::string& marker : left_) warden_.forget(marker);
  left_.clear();
  leaders_left_ = {};
}

// What an attempt left behind for a moment may still open the path that it was given: the number is another attempt's
// only after that is gone.
Descriptor LocalLauncher::with_new_number(Descriptor low) {
  for (const bool again : {false, true}) {
    Descriptor high(next_number_ > kLastNumber ? -1 : ::fcntl(low.get(), F_DUPFD_CLOEXEC, next_number_));
    if (high.is_open()) {
      next_number_ = high.get() + 1;
      return high;
    }
    if (again) break;
    next_number_ = kFirstNumber;
    end_left();
  }
  throw core::EnvironmentError("descriptors", std::string("none is left: ") + std::strerror(errno));
}

// Looking through all processes of the machine takes as long as a short trial: once for all that ended meanwhile.
void LocalLauncher::end_strays_soon(const std::string& marker, pid_t leader, std::chrono::duration<double> ran) {
  const bool is_first = left_.empty();
  leaders_left_.add(leader, ran);
  left_.insert(marker);
  if (!is_first) return;
  const auto timer = std::make_shared<asio::steady_timer>(executor_, kLookForStraysAfter);
  timer->async_wait([this, timer](const boost::system::error_code& error) {
    if (!error) end_left();
  });
}

}  // namespace sweep

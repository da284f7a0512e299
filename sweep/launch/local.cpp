// See local.h.
#include "sweep/launch/local.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <thread>

#include "core/error.h"
#include "protocol/trial_document.h"
#include "sweep/launch/line_pipe.h"
#include "sweep/launch/strays.h"

namespace sweep {
namespace {

namespace asio = boost::asio;

constexpr double kStrayPatienceS = 1.0;

Descriptor open_output(const std::filesystem::path& file) {
  Descriptor output(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666));
  if (!output.is_open())
    throw core::EnvironmentError(file.string(), std::string("cannot be created: ") + std::strerror(errno));
  return output;
}

void remove_if_empty(const std::filesystem::path& file) {
  std::error_code ignored;
  if (std::filesystem::file_size(file, ignored) == 0 && !ignored) std::filesystem::remove(file, ignored);
}

// Where a child's events come from, and what it is told.
struct EventsPipe {
  Descriptor read_end, child_end;  // no child_end where the pipe has a name
  std::string path;
};

// Opened for reading and writing, a named pipe has no end, and a writer's open never waits.
EventsPipe open_events(const std::filesystem::path& place) {
  if (!place.empty() && (::unlink(place.c_str()), ::mkfifo(place.c_str(), 0600) == 0)) {
    Descriptor both(::open(place.c_str(), O_RDWR | O_CLOEXEC));
    if (both.is_open()) return {std::move(both), {}, place.string()};
  }
  auto [read_end, child_end] = make_pipe();  // also where the file system knows no named pipes
  return {std::move(read_end), std::move(child_end), "/dev/fd/" + std::to_string(kEventsDescriptor)};
}

// What the handlers share; they may run after the process object is gone.
struct Watch : std::enable_shared_from_this<Watch> {
  Watch(asio::any_io_executor executor, pid_t child, int pidfd_number, Descriptor events_end,
        std::optional<LinePipe> printed_pipe)
      : pid(child),
        pidfd(executor, pidfd_number),
        events(executor, std::move(events_end)),
        printed(std::move(printed_pipe)),
        grace(executor),
        wake(executor, asio::steady_timer::time_point::max()) {}

  pid_t pid;
  asio::posix::stream_descriptor pidfd;
  LinePipe events;
  std::optional<LinePipe> printed;  // where it is read
  asio::steady_timer grace;
  asio::steady_timer wake;  // never expires; cancelled when there is something to look at
  bool exited = false;
  bool was_read_after_exit = false;  // once, more than a pipe holds: a daemon that it left may write for ever
  Exit how;
  std::function<void()> on_exit;

  void wait_for_exit() {
    pidfd.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (error || self->exited) return;
                       if (self->is_zombie())
                         self->reap();
                       else
                         self->wait_for_exit();
                     });
  }

  // Asio may report a descriptor ready that is not: it reuses the record of one that was just closed, with an event
  // still queued for that. Believing it would kill a healthy trial.
  bool is_zombie() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
  }

  // The group, and the process itself, which may have left it. Until it is reaped the number is its own.
  void signal(int number) {
    ::kill(-pid, number);
    ::kill(pid, number);
  }

  // The group dies before its leader is reaped: until then no other group can have this number. (Boost.Process reaps
  // before it tells.)
  void reap() {
    if (exited) return;
    ::kill(-pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    how = WIFSIGNALED(status) ? Exit{0, WTERMSIG(status)} : Exit{WEXITSTATUS(status), 0};
    exited = true;
    grace.cancel();
    on_exit();
    wake.cancel();
  }

  void wait_for_lines() {
    const auto look = [self = shared_from_this()] { self->wake.cancel(); };
    events.wait(look);
    if (printed) printed->wait(look);
  }

  Written take() {
    Written written;
    events.read();
    written.events = events.take_lines();
    if (!printed) return written;
    printed->read();
    written.printed = printed->take_lines();
    return written;
  }

  // A last line without a newline counts where the program ended well; one that was killed was cut off.
  Written take_rest() {
    Written written;
    if (how.code != 0 || how.signal != 0) return written;
    if (std::string rest = events.take_rest(); !rest.empty()) written.events.push_back(std::move(rest));
    if (!printed) return written;
    if (std::string rest = printed->take_rest(); !rest.empty()) written.printed.push_back(std::move(rest));
    return written;
  }
};

class LocalProcess : public Process {
 public:
  LocalProcess(asio::any_io_executor executor, pid_t pid, Descriptor pidfd, Descriptor events,
               std::optional<LinePipe> printed, const Order& order, std::shared_ptr<MemoryLimit> memory,
               std::function<void()> on_exit)
      : outputs_{order.stdout_file, order.stderr_file},
        named_pipe_(order.events),
        memory_(std::move(memory)),
        watch_(std::make_shared<Watch>(executor, pid, pidfd.release(), std::move(events), std::move(printed))) {
    watch_->on_exit = std::move(on_exit);
    watch_->wait_for_exit();
  }

  ~LocalProcess() override {
    if (!watch_->exited) {
      watch_->signal(SIGKILL);
      watch_->reap();
    }
    watch_->pidfd.close();
    watch_->events.close();
    if (watch_->printed) watch_->printed->close();
    // Not before: what was read last is written to its file by the controller.
    for (const std::filesystem::path& output : outputs_) remove_if_empty(output);
    if (!named_pipe_.empty()) ::unlink(named_pipe_.c_str());
  }

  asio::awaitable<Written> lines() override {
    const std::shared_ptr<Watch> watch = watch_;
    // A child that floods its pipes keeps nobody else waiting: not the others, not its own exit.
    co_await asio::post(watch->wake.get_executor(), asio::use_awaitable);
    for (;;) {
      const bool exited = watch->exited;  // asked before reading: what it wrote before its exit is in the pipe
      if (watch->was_read_after_exit) co_return watch->take_rest();
      watch->was_read_after_exit = exited;
      if (Written written = watch->take(); !written.empty()) co_return written;
      if (exited) co_return watch->take_rest();
      watch->wait_for_lines();
      co_await watch->wake.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }

  Exit exit() const override {
    core::check(watch_->exited, "exit() of a process that runs");
    return watch_->how;
  }

  std::optional<OverMemory> over_memory() const override { return memory_ ? memory_->over() : std::nullopt; }

  std::uint64_t printed_bytes() const override {
    std::uint64_t bytes = 0;
    std::error_code missing;
    for (const std::filesystem::path& output : outputs_)
      if (const auto size = std::filesystem::file_size(output, missing); !missing) bytes += size;
    return bytes;
  }

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
  std::array<std::filesystem::path, 2> outputs_;
  std::filesystem::path named_pipe_;
  std::shared_ptr<MemoryLimit> memory_;  // null: without a limit
  std::shared_ptr<Watch> watch_;
  bool stopping_ = false;
};

}  // namespace

std::vector<Slot> cpu_slots(int threads, int cores) {
  std::vector<Slot> slots;
  const int count = std::max(1, cores / std::max(1, threads));
  for (int i = 0; i < count; ++i) slots.push_back({"cpu:" + std::to_string(i), "cpu", ""});
  return slots;
}

std::vector<Slot> gpu_slots(const std::vector<std::string>& uuids, int slots_per_gpu) {
  std::vector<Slot> slots;
  for (int i = 0; i < slots_per_gpu; ++i)
    for (const std::string& uuid : uuids) slots.push_back({uuid + "/" + std::to_string(i), "cuda", uuid});
  return slots;
}

int usable_cores() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

// A warden or a terminal that went away must not end a sweep.
LocalLauncher::LocalLauncher(asio::any_io_executor executor, std::vector<Slot> slots)
    : executor_(executor),
      slots_(std::move(slots)),
      memory_limits_(executor),
      on_sigpipe_(::signal(SIGPIPE, SIG_IGN)) {}

LocalLauncher::~LocalLauncher() { ::signal(SIGPIPE, on_sigpipe_); }

// An abstract socket's name belongs to whoever bound it, and is free again the moment its holder dies.
bool LocalLauncher::acquire(const Slot& slot) {
  if (slot.gpu.empty()) return true;
  Descriptor lock(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "sweep-slot/" + slot.name;
  core::check(lock.is_open() && name.size() + 1 < sizeof address.sun_path, "a slot's lock cannot be made");
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(lock.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) return false;
  locks_[slot.name] = std::move(lock);
  return true;
}

void LocalLauncher::release(const Slot& slot) { locks_.erase(slot.name); }

std::unique_ptr<Process> LocalLauncher::start(const Order& order) {
  if (!order.folder.empty() && !std::filesystem::is_directory(order.folder))
    throw core::EnvironmentError(order.folder.string(), "is no folder, but the trial runs in it");
  Descriptor out = open_output(order.stdout_file);
  const Descriptor err = open_output(order.stderr_file);
  auto [events, events_child, events_path] = open_events(order.events);
  std::optional<LinePipe> printed;
  if (order.read_stdout) {
    auto [read_end, write_end] = make_pipe();
    printed.emplace(executor_, std::move(read_end), std::exchange(out, std::move(write_end)));
  }
  warden_.watch(order.marker);

  StartRequest request{order.argv, order.environment, out.get(), err.get(), events_child.get(), order.folder.string()};
  request.environment.push_back(std::string(protocol::kEnvEvents) + "=" + events_path);
  const StartResult started = start_process(request);
  const auto tidy_up = [this, marker = order.marker] {
    end_strays(marker);
    warden_.forget(marker);
  };
  if (started.error != 0) {
    tidy_up();
    remove_if_empty(order.stdout_file);
    remove_if_empty(order.stderr_file);
    if (!order.events.empty()) ::unlink(order.events.c_str());
    throw core::EnvironmentError(order.argv[0], std::string("cannot be started: ") + std::strerror(started.error),
                                 started.error == E2BIG ? "${args_json_file} passes values of any size" : "");
  }
  warden_.watch(order.marker, started.pid);
  std::shared_ptr<MemoryLimit> memory;
  if (order.memory_bytes > 0) memory = memory_limits_.keep(order.marker, started.pid, order.memory_bytes);
  Descriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, started.pid, 0)));
  if (!pidfd.is_open()) {
    const int error = errno;
    ::kill(-started.pid, SIGKILL);
    ::waitpid(started.pid, nullptr, 0);
    tidy_up();
    throw core::EnvironmentError(order.argv[0], std::string("cannot be watched: ") + std::strerror(error));
  }
  return std::make_unique<LocalProcess>(executor_, started.pid, std::move(pidfd), std::move(events), std::move(printed),
                                        order, memory, [tidy_up, memory] {
                                          tidy_up();
                                          if (memory) memory->settle();
                                        });
}

void LocalLauncher::end_strays(const std::string& marker) { end_carriers({marker}, kStrayPatienceS); }

}  // namespace sweep

// See local.h.
#include "sweep/launch/local.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "protocol/trial_document.h"
#include "sweep/launch/kept_output.h"
#include "sweep/launch/line_pipe.h"
#include "sweep/launch/named_files.h"

namespace sweep {
namespace {

namespace asio = boost::asio;

constexpr double kStrayPatienceS = 1.0;
constexpr auto kLookForStraysAfter = std::chrono::milliseconds(100);
// What one attempt has, the next hundred do not. A table of more than 256 descriptors takes longer to copy into a
// child.
constexpr int kFirstNumber = 48, kLastNumber = 248;
constexpr auto kListenAfter = std::chrono::milliseconds(5);
constexpr auto kKeepAfter = std::chrono::seconds(1);

// What the handlers share; they may run after the process object is gone.
struct Watch : std::enable_shared_from_this<Watch> {
  Watch(asio::any_io_executor executor, const Order& order, Descriptor document_file, Pipe events_pipe,
        Descriptor out_end, Descriptor err_end)
      : document(std::move(document_file)),
        events_writer(std::move(events_pipe.write_end)),
        kept_out(order.stdout_file),
        kept_err(order.stderr_file),
        reads_out(order.read_stdout),
        pidfd(executor),
        events(executor, std::move(events_pipe.read_end)),
        out(executor, std::move(out_end), &kept_out),
        err(executor, std::move(err_end), &kept_err),
        grace(executor),
        keep(executor),
        wake(executor, asio::steady_timer::time_point::max()) {
    err.ignore_lines();
    if (!reads_out) out.ignore_lines();
  }

  std::string program;
  std::shared_ptr<const NamedFiles> named;  // null where there is /proc
  std::optional<Child> child;
  std::chrono::steady_clock::time_point made = std::chrono::steady_clock::now();
  Descriptor document;
  Descriptor events_writer;  // while it is open, the pipe does not end when a program closes it and opens it anew
  KeptOutput kept_out, kept_err;
  bool reads_out;
  asio::posix::stream_descriptor pidfd;
  LinePipe events, out, err;
  asio::steady_timer grace;
  asio::steady_timer keep;
  asio::steady_timer wake;              // cancelled when there is something to look at
  std::shared_ptr<MemoryLimit> memory;  // null: without a limit
  bool began = false;                   // else nothing of the program ever ran
  bool reads_at_once = true;            // events; else as all, when it listens
  bool listens = false;
  bool gave = false;  // lines, without having waited since
  bool keeps_soon = false;
  bool exited = false;
  bool was_read_after_exit = false;  // once, more than a pipe holds: a daemon that it left may write for ever
  Exit how;
  std::function<void()> on_exit;
  std::function<void()> begins;  // called when the program is about to run, or does

  pid_t pid() const { return child->pid(); }

  // From here on its exit is seen. Errors: EnvironmentError.
  void await_exit(LoopThreads* threads) {
    const auto fail = [&](int error) {
      throw core::EnvironmentError(program, std::string("cannot be watched: ") + std::strerror(error));
    };
    Descriptor opened(static_cast<int>(::syscall(SYS_pidfd_open, pid(), 0)));
    if (!opened.is_open()) fail(errno);
    if (threads != nullptr && threads->await_exit(opened, [self = shared_from_this()] { self->reap(); })) return;
    boost::system::error_code error;
    pidfd.assign(opened.get(), error);
    if (error) fail(error.value());
    opened.release();
    wait_for_exit();
  }

  // Not before it has run for a moment: what a process that is gone by then wrote is read at its end.
  void listen() {
    listens = true;
    if (!reads_out) follow(out);
    follow(err);
  }

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
    return ::waitid(P_PID, static_cast<id_t>(pid()), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid();
  }

  // The group, and the process itself, which may have left it. Until it is reaped the number is its own.
  void signal(int number) {
    ::kill(-pid(), number);
    ::kill(pid(), number);
  }

  // The group dies before its leader is reaped: until then no other group can have this number. (Boost.Process reaps
  // before it tells.)
  void reap() {
    if (exited) return;
    ::kill(-pid(), SIGKILL);
    int status = 0;
    while (::waitpid(pid(), &status, 0) < 0 && errno == EINTR) {
    }
    how = WIFSIGNALED(status) ? Exit{0, WTERMSIG(status)} : Exit{WEXITSTATUS(status), 0};
    if (const int error = child->error(); error != 0)
      how.never_began = program + ": cannot be started: " + std::strerror(error) +
                        (error == E2BIG ? ", ${args_json_file} passes values of any size" : "");
    exited = true;
    grace.cancel();
    on_exit();
    wake.cancel();
  }

  // A stream of which only the bytes are wanted.
  void follow(LinePipe& pipe) {
    pipe.wait([self = shared_from_this(), &pipe] {
      if (self->exited) return;
      pipe.read();
      self->keep_soon();
      self->follow(pipe);
    });
  }

  // Who follows a log reads the file.
  void keep_soon() {
    if (keeps_soon || !(kept_out.is_ahead_of_file() || kept_err.is_ahead_of_file())) return;
    keeps_soon = true;
    keep.expires_after(kKeepAfter);
    keep.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      self->keeps_soon = false;
      if (error || self->exited) return;
      self->kept_out.write_file();
      self->kept_err.write_file();
    });
  }

  void begin_output(const Order& order) {
    out.read();  // what came before is not this order's
    err.read();
    kept_out = KeptOutput(order.stdout_file);
    kept_err = KeptOutput(order.stderr_file);
  }

  Output end_output() {
    out.read();
    err.read();
    Output output{kept_out.take(), kept_err.take()};
    kept_out = KeptOutput({});  // a file without a name: what comes between two orders is nobody's
    kept_err = KeptOutput({});
    return output;
  }

  // Whether no event is there that was not asked for.
  bool is_silent() {
    events.read();
    return events.take_lines().empty() && events.take_rest().empty();
  }

  // Until there is something to look at.
  asio::awaitable<void> something() {
    const auto look = [self = shared_from_this()] { self->wake.cancel(); };
    if (listens || reads_at_once) events.wait(look);
    if (listens && reads_out) out.wait(look);
    if (listens)
      wake.expires_at(asio::steady_timer::time_point::max());
    else
      wake.expires_after(kListenAfter);
    co_await wake.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!listens && !exited && wake.expiry() <= asio::steady_timer::clock_type::now()) listen();
  }

  Written take() {
    Written written;
    events.read();
    written.events = events.take_lines();
    if (exited) err.read();
    if (exited || (listens && reads_out)) out.read();
    written.printed = out.take_lines();
    if (!exited) keep_soon();
    return written;
  }

  // A last line without a newline counts where the program ended well; one that was killed was cut off.
  Written take_rest() {
    Written written;
    if (how.code != 0 || how.signal != 0) return written;
    if (std::string rest = events.take_rest(); !rest.empty()) written.events.push_back(std::move(rest));
    if (std::string rest = out.take_rest(); !rest.empty()) written.printed.push_back(std::move(rest));
    return written;
  }

  void close() {
    boost::system::error_code ignored;
    pidfd.close(ignored);
    events.close();
    out.close();
    err.close();
    document.reset();
    events_writer.reset();
    keep.cancel();
  }
};

class LocalProcess : public Resident {
 public:
  explicit LocalProcess(std::shared_ptr<Watch> watch) : watch_(std::move(watch)) {}

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
  }

  asio::awaitable<Written> lines() override {
    const std::shared_ptr<Watch> watch = watch_;
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
  std::shared_ptr<Watch> watch_;
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
  const auto watch = std::make_shared<Watch>(executor_, order, std::move(document), std::move(events),
                                             std::move(out.read_end), std::move(err.read_end));
  watch->program = order.argv[0];
  watch->named = named;
  warden_.watch(order.marker);
  if (left_.contains(order.marker)) end_left();  // or it would be taken for what an earlier one left
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
    of->await_exit(of->reads_at_once ? nullptr : threads_);
  };
  if (begin == Begin::kAtOnce) watch->begins();
  return process;
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

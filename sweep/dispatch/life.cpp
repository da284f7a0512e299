// See life.h.
#include "sweep/dispatch/life.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "core/json.h"
#include "protocol/files.h"
#include "sweep/dispatch/limits.h"
#include "sweep/dispatch/transcript.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using protocol::Outcome;

// What a trainer gets above the environment of this process. docs/trial-protocol.md lists it.
std::vector<std::string> make_environment(const AttemptRequest& request, const std::string& marker) {
  const protocol::TrialDocument& trial = request.document;
  const std::string threads = std::to_string(trial.threads), seed = std::to_string(trial.seed);
  std::vector<std::string> environment = {marker};
  environment.reserve(24 + request.environment.size());
  const auto give = [&](std::string_view name, const std::string& value) {
    environment.emplace_back(name).append("=").append(value);
  };
  give(protocol::kEnvSweepId, trial.sweep);
  give(protocol::kEnvTrialId, trial.trial);
  give(protocol::kEnvTrialIndex, std::to_string(trial.index));
  give(protocol::kEnvAttempt, std::to_string(request.attempt));
  give(protocol::kEnvSeed, seed);
  give(protocol::kEnvCheckpointDir, request.checkpoints.native());
  give(protocol::kEnvResume, request.resume_file.empty() ? "" : (request.checkpoints / request.resume_file).native());
  give("PYTHONHASHSEED", seed);
  give("PYTHONUNBUFFERED", "1");
  give("CUDA_VISIBLE_DEVICES", trial.gpu);
  give("CUDA_DEVICE_ORDER", "PCI_BUS_ID");
  for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"})
    give(name, threads);
  for (const auto& [name, value] : request.environment) give(name, value);
  const std::pair<const char*, const char*> unless_set[] = {
      {"CUBLAS_WORKSPACE_CONFIG", ":4096:8"}, {"TF_DETERMINISTIC_OPS", "1"}, {"TF_CUDNN_DETERMINISTIC", "1"}};
  for (const auto& [name, value] : unless_set)
    if (::getenv(name) == nullptr) give(name, value);
  return environment;
}

void write_text(const fs::path& file, const std::string& text) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush())
    throw core::EnvironmentError(file.string(), std::string("cannot be written: ") + std::strerror(errno));
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw core::EnvironmentError(folder.string(), "cannot be created: " + error.message());
}

// The file system is touched for what must lie there alone: it takes as long as the start of a process.
void make_files(const AttemptRequest& request) {
  if (request.wants_checkpoint_folder) make_folder(request.checkpoints);
  for (const auto& [name, text] : request.files) write_text(request.folder / name, text);
}

Order make_order(const AttemptRequest& request) {
  Order order;
  order.argv = request.argv;
  order.marker = attempt_marker(request.folder);
  order.environment = make_environment(request, order.marker);
  order.document = request.document.text() + "\n";
  order.stdout_file = request.folder / protocol::kStdoutFile;
  order.stderr_file = request.folder / protocol::kStderrFile;
  order.folder = request.working_folder;
  order.read_stdout = request.read_metrics.has_value();
  order.memory_bytes = request.memory_bytes;
  return order;
}

// Of at most the last 4 KiB.
std::string end_of_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return {};
  const std::streamoff size = in.tellg();
  in.seekg(std::max<std::streamoff>(0, size - 4096));
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The last line that is not empty of what it wrote to standard error.
std::string last_line(const AttemptRequest& request, const Output& output) {
  std::istringstream in(output.err.empty() ? end_of_file(request.folder / protocol::kStderrFile) : output.err);
  std::string line, last;
  while (std::getline(in, line))
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  return printable_text(last, 200);
}

std::string signal_name(int signal) {
  const char* short_name = ::sigabbrev_np(signal);
  return "signal " + std::to_string(signal) + (short_name ? std::string(" (SIG") + short_name + ")" : "");
}

AttemptResult judge_end(const Transcript& transcript) {
  if (transcript.said_anything() && !transcript.finished())
    return {
        Outcome::kFailed,
        R"(exit code 0, but it never said `finished`: send {"event":"finished","seq":N,"outcome":"completed"} last)"};
  return {transcript.finished().value_or(Outcome::kCompleted), ""};
}

// Bytes as the sweep file counts them.
std::string megabytes(std::uint64_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MB"; }

AttemptResult judge_memory(const OverMemory& over) {
  return {Outcome::kOutOfMemory, "over the memory limit of " + megabytes(over.limit_bytes) + ": its processes held " +
                                     megabytes(over.seen_bytes) +
                                     (over.by_cgroup ? " (cgroup)" : " (resident memory, sampled)")};
}

AttemptResult judge_limit(const LimitReached& limit, const Exit& exit, const AttemptRequest& request) {
  std::string detail = limit.detail;
  if (exit.signal == SIGKILL && request.grace_s > 0) detail += "; it did not end at SIGTERM and had to be killed";
  return {limit.outcome, std::move(detail)};
}

// What ended the attempt beside its own will.
struct Interference {
  bool stopped = false;               // by the user, or since nobody wants more of it
  std::optional<LimitReached> limit;  // then it was stopped for that
  std::optional<OverMemory> over;     // and here killed
};

AttemptResult judge(const Exit& exit, const Transcript& transcript, const AttemptRequest& request, const Output& output,
                    const Interference& met) {
  const auto with_last_line = [&](const std::string& text) {
    const std::string line = last_line(request, output);
    return line.empty() ? text : text + ": " + line;
  };
  if (!exit.never_began.empty()) return {Outcome::kFailed, exit.never_began};
  const bool well = exit.code == 0 && exit.signal == 0;
  if (met.over && !well) return judge_memory(*met.over);
  if (met.limit && !(well && transcript.finished())) return judge_limit(*met.limit, exit, request);
  if (!transcript.broken().empty()) return {Outcome::kFailed, transcript.broken()};
  const bool stopped = met.stopped;
  if (well && (!stopped || transcript.finished())) {
    AttemptResult result = judge_end(transcript);
    result.outcome = judge_metric(result.outcome, request.document.metric, transcript.metric());
    if (result.outcome == Outcome::kNoMetric) result.detail = transcript.why_no_metric();
    if (result.outcome == Outcome::kDiverged && !transcript.finished_as(Outcome::kDiverged))
      result.detail = diverged_detail(*request.document.metric);
    return result;
  }
  if (stopped) {
    AttemptResult result{Outcome::kCancelled, "stopped"};
    result.ignored_sigterm = exit.signal == SIGKILL;
    return result;
  }
  if (exit.signal != 0) return {Outcome::kKilled, with_last_line("killed by " + signal_name(exit.signal))};
  if (exit.code == protocol::kTrainerInterrupted)
    return {Outcome::kCancelled, with_last_line("asked for another attempt (exit code 75)"), true};
  // The codes of a program that knows nothing of the protocol are its own.
  const bool speaks = !request.read_metrics || transcript.said_anything();
  if (speaks && exit.code == protocol::kTrainerUnsuitable) {
    AttemptResult result{Outcome::kCancelled, with_last_line("the machine cannot run it (exit code 4)")};
    result.unsuitable = true;
    return result;
  }
  const bool no_memory = speaks && exit.code == protocol::kTrainerOutOfMemory;
  return {no_memory ? Outcome::kOutOfMemory : Outcome::kFailed,
          with_last_line("exit code " + std::to_string(exit.code))};
}

}  // namespace

void AttemptControl::stop(double grace_s) {
  grace_s_ = stopped_ ? std::min(grace_s_, grace_s) : grace_s;
  stopped_ = true;
  if (process_) process_->stop(grace_s_);
}

void AttemptControl::attach(Process* process) {
  process_ = process;
  if (process_ && stopped_) process_->stop(grace_s_);
}

void put_together(AttemptRequest& request) { request.order = std::make_shared<Order>(make_order(request)); }

std::string attempt_marker(const fs::path& attempt_folder) {
  return std::string(protocol::kEnvMarker) + "=" + core::sha256_hex(attempt_folder.string()).substr(0, 32);
}

Outcome judge_metric(Outcome said, const std::optional<protocol::Metric>& metric, std::optional<double> last_value) {
  if (!metric || (said != Outcome::kCompleted && said != Outcome::kNoMetric)) return said;
  if (!last_value) return Outcome::kNoMetric;
  return std::isfinite(*last_value) ? Outcome::kCompleted : Outcome::kDiverged;
}

std::string diverged_detail(const protocol::Metric& metric) {
  return "the metric '" + metric.name + "' is not finite at the end";
}

std::string no_metric_detail(const protocol::Metric& metric) { return "never gave the metric '" + metric.name + "'"; }

boost::asio::awaitable<AttemptResult> live(Launcher& launcher, const Clock& clock, const AttemptRequest& request,
                                           const OnEvents& on_events, AttemptControl& control,
                                           std::unique_ptr<Process> prepared) {
  const double begun = clock.seconds();
  make_files(request);
  const std::shared_ptr<const Order> order =
      request.order ? request.order : std::make_shared<Order>(make_order(request));
  std::unique_ptr<Process> process = std::move(prepared);
  AttemptResult result;
  try {
    if (process)
      process->go();
    else
      process = request.shared_process ? launcher.assign(*order, *request.shared_process) : launcher.start(*order);
  } catch (const CannotStart& error) {
    result = {Outcome::kFailed, error.what()};
  }
  if (!process) co_return result;

  control.attach(process.get());
  Transcript transcript(request);
  Interference met;
  std::uint64_t printed = 0;
  // A program that sends no events lives as long as it prints.
  const auto has_printed = [&] {
    const std::uint64_t before = std::exchange(printed, process->printed_bytes());
    return !transcript.said_anything() && printed != before;
  };
  const auto on_limit = [&](const LimitReached& limit) {
    if (control.stopped() || !transcript.broken().empty()) return;
    met.limit = limit;
    process->stop(request.grace_s);
  };
  LimitsWatch watch(co_await boost::asio::this_coro::executor, clock, AttemptLimits(request.limits, begun), has_printed,
                    on_limit);
  for (auto lines = co_await process->lines(); !lines.empty(); lines = co_await process->lines()) {
    const std::vector<protocol::Event> events = transcript.read(lines);
    if (!events.empty() || !transcript.said_anything()) watch.heard();
    if (!events.empty() && !on_events(events)) control.stop(request.grace_s);
    if (!transcript.broken().empty() && !met.limit) process->stop(0);
  }
  control.attach(nullptr);

  const Exit exit = process->exit();
  Output output = process->take_output();
  met.stopped = control.stopped();
  met.over = process->over_memory();
  result = judge(exit, transcript, request, output, met);
  result.output = std::move(output);
  result.without_finished = exit.code == 0 && exit.signal == 0 && transcript.said_anything() && !transcript.finished();
  result.seconds = clock.seconds() - begun;
  result.process = std::move(process);
  co_return result;
}

}  // namespace sweep

// See life.h.
#include "sweep/dispatch/life.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>

#include "core/error.h"
#include "core/json.h"
#include "core/utf8.h"
#include "protocol/files.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using protocol::Outcome;

constexpr double kGraceS = 10.0;  // for a program that is to stop because nobody wants more of it

// NAME=value pairs of this process without our own, then what a trainer gets. docs/trial-protocol.md lists them.
std::vector<std::string> make_environment(const AttemptRequest& request) {
  const protocol::TrialDocument& trial = request.document;
  const std::string threads = std::to_string(trial.threads), seed = std::to_string(trial.seed);
  const std::string resume = request.resume_file.empty() ? "" : (request.checkpoints / request.resume_file).string();
  const std::map<std::string, std::string> given = {
      {protocol::kEnvSweepId, trial.sweep},
      {protocol::kEnvTrialId, trial.trial},
      {protocol::kEnvTrialIndex, std::to_string(trial.index)},
      {protocol::kEnvAttempt, std::to_string(request.attempt)},
      {protocol::kEnvSeed, seed},
      {protocol::kEnvCheckpointDir, request.checkpoints.string()},
      {protocol::kEnvResume, resume},
      {"PYTHONHASHSEED", seed},
      {"PYTHONUNBUFFERED", "1"},
      {"CUDA_VISIBLE_DEVICES", trial.gpu},
      {"CUDA_DEVICE_ORDER", "PCI_BUS_ID"},
      {"OMP_NUM_THREADS", threads},
      {"OPENBLAS_NUM_THREADS", threads},
      {"MKL_NUM_THREADS", threads},
      {"NUMEXPR_NUM_THREADS", threads},
  };
  const std::map<std::string, std::string> unless_set = {
      {"CUBLAS_WORKSPACE_CONFIG", ":4096:8"}, {"TF_DETERMINISTIC_OPS", "1"}, {"TF_CUDNN_DETERMINISTIC", "1"}};

  std::vector<std::string> environment = {attempt_marker(request.folder)};
  for (const auto& [name, value] : given) environment.push_back(name + "=" + value);
  for (const auto& [name, value] : unless_set)
    if (::getenv(name.c_str()) == nullptr) environment.push_back(name + "=" + value);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string name(text.substr(0, text.find('=')));
    if (!name.starts_with("SWEEP_") && !given.contains(name)) environment.emplace_back(text);
  }
  return environment;
}

Order make_order(const AttemptRequest& request) {
  std::error_code error;
  fs::create_directories(request.folder, error);
  if (!error) fs::create_directories(request.checkpoints, error);
  if (error) throw core::EnvironmentError(request.folder.string(), "cannot be created: " + error.message());
  const fs::path document = request.folder / protocol::kTrialDocumentFile;
  std::ofstream out(document, std::ios::binary | std::ios::trunc);
  out << core::canonical_json(request.document.to_json()) << '\n';
  if (!out.flush())
    throw core::EnvironmentError(document.string(), std::string("cannot be written: ") + std::strerror(errno));
  return {request.trainer.argv, make_environment(request), attempt_marker(request.folder),
          request.folder / protocol::kStdoutFile, request.folder / protocol::kStderrFile};
}

// `text` for a message: what is not printable UTF-8 becomes a question mark, and it is cut at `limit` bytes.
std::string printable(std::string_view text, std::size_t limit) {
  std::string clean;
  for (std::size_t i = 0; i < text.size() && clean.size() < limit;) {
    const std::size_t length = core::utf8_length(text, i);
    const bool shows = length > 0 && static_cast<unsigned char>(text[i]) >= 0x20 && text[i] != 0x7f;
    clean += shows ? text.substr(i, length) : "?";
    i += std::max<std::size_t>(1, length);
  }
  return clean;
}

// Lines → events, as far as they are what the protocol says.
class Transcript {
 public:
  explicit Transcript(const AttemptRequest& request)
      : request_(request),
        place_("trial #" + std::to_string(request.document.index) + " attempt " + std::to_string(request.attempt)),
        metric_(request.metric_so_far) {}

  std::vector<protocol::Event> read(const std::vector<std::string>& lines) {
    std::vector<protocol::Event> events;
    for (const std::string& line : lines) {
      if (!broken_.empty()) break;
      try {
        protocol::Event event = protocol::Event::parse(line, place_);
        look_at(event);
        if (broken_.empty()) events.push_back(std::move(event));
      } catch (const core::UserError& error) {
        broken_ = printable(error.what(), 500);
      }
    }
    return events;
  }

  const std::string& broken() const { return broken_; }
  bool said_anything() const { return next_seq_ > 0; }
  const std::optional<Outcome>& finished() const { return finished_; }
  const std::optional<double>& metric() const { return metric_; }

 private:
  void look_at(const protocol::Event& event) {
    if (event.seq != next_seq_) {
      broken_ = place_ + ": event line: seq is " + std::to_string(event.seq) + " where " + std::to_string(next_seq_) +
                " comes next, lines were lost";
      return;
    }
    ++next_seq_;
    if (const auto* started = std::get_if<protocol::Started>(&event.body)) {
      if (started->protocol != protocol::kProtocolVersion)
        broken_ = place_ + ": the program speaks trial protocol " + std::to_string(started->protocol) + ", not " +
                  std::to_string(protocol::kProtocolVersion);
      else if (!started->trainer.empty() && started->trainer != request_.trainer.identity)
        broken_ = place_ + ": the trainer calls itself " + printable(started->trainer, 100) + ", but the sweep is of " +
                  request_.trainer.identity;
    } else if (const auto* values = std::get_if<protocol::MetricValues>(&event.body)) {
      if (!request_.document.metric) return;
      const auto found = values->values.find(request_.document.metric->name);
      if (found != values->values.end()) metric_ = found->second;
    } else if (const auto* finished = std::get_if<protocol::Finished>(&event.body)) {
      finished_ = finished->outcome;
    }
  }

  const AttemptRequest& request_;
  std::string place_;
  std::uint64_t next_seq_ = 0;
  std::string broken_;
  std::optional<Outcome> finished_;
  std::optional<double> metric_;
};

// The last line that is not empty, of at most the last 4 KiB.
std::string last_line(const fs::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return {};
  const std::streamoff size = in.tellg();
  in.seekg(std::max<std::streamoff>(0, size - 4096));
  std::string line, last;
  while (std::getline(in, line))
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  return printable(last, 200);
}

std::string with_last_line(std::string text, const AttemptRequest& request) {
  const std::string line = last_line(request.folder / protocol::kStderrFile);
  return line.empty() ? text : text + ": " + line;
}

std::string signal_name(int signal) {
  const char* short_name = ::sigabbrev_np(signal);
  return "signal " + std::to_string(signal) + (short_name ? std::string(" (SIG") + short_name + ")" : "");
}

AttemptResult judge_end(const Transcript& transcript) {
  if (transcript.said_anything() && !transcript.finished())
    return {Outcome::kFailed, "exit code 0, but it never said `finished`"};
  return {transcript.finished().value_or(Outcome::kCompleted), ""};
}

AttemptResult judge(const Exit& exit, const Transcript& transcript, const AttemptRequest& request, bool stopped) {
  if (!transcript.broken().empty()) return {Outcome::kFailed, transcript.broken()};
  if (exit.code == 0 && exit.signal == 0 && (!stopped || transcript.finished())) {
    AttemptResult result = judge_end(transcript);
    result.outcome = judge_metric(result.outcome, request.document.metric, transcript.metric());
    if (result.outcome == Outcome::kNoMetric) result.detail = no_metric_detail(*request.document.metric);
    return result;
  }
  if (stopped) return {Outcome::kCancelled, "stopped"};
  if (exit.signal != 0) return {Outcome::kKilled, with_last_line("killed by " + signal_name(exit.signal), request)};
  if (exit.code == protocol::kTrainerInterrupted)
    return {Outcome::kCancelled, with_last_line("asked for another attempt (exit code 75)", request), true};
  if (exit.code == protocol::kTrainerUnsuitable) {
    AttemptResult result{Outcome::kCancelled, with_last_line("the machine cannot run it (exit code 4)", request)};
    result.unsuitable = true;
    return result;
  }
  const Outcome outcome = exit.code == protocol::kTrainerOutOfMemory ? Outcome::kOutOfMemory : Outcome::kFailed;
  return {outcome, with_last_line("exit code " + std::to_string(exit.code), request)};
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

std::string attempt_marker(const fs::path& attempt_folder) {
  return std::string(protocol::kEnvTrial) + "=" + (attempt_folder / protocol::kTrialDocumentFile).string();
}

Outcome judge_metric(Outcome said, const std::optional<protocol::Metric>& metric, std::optional<double> last_value) {
  if (!metric || (said != Outcome::kCompleted && said != Outcome::kNoMetric)) return said;
  if (!last_value) return Outcome::kNoMetric;
  return std::isfinite(*last_value) ? Outcome::kCompleted : Outcome::kDiverged;
}

std::string no_metric_detail(const protocol::Metric& metric) { return "never gave the metric '" + metric.name + "'"; }

boost::asio::awaitable<AttemptResult> live(Launcher& launcher, const Clock& clock, const AttemptRequest& request,
                                           const OnEvents& on_events, AttemptControl& control) {
  const double begun = clock.seconds();
  const Order order = make_order(request);
  std::unique_ptr<Process> process;
  AttemptResult result;
  try {
    process = launcher.start(order);
  } catch (const core::EnvironmentError& error) {
    result = {Outcome::kFailed, error.what()};
  }
  if (!process) co_return result;

  control.attach(process.get());
  Transcript transcript(request);
  for (auto lines = co_await process->lines(); !lines.empty(); lines = co_await process->lines()) {
    const std::vector<protocol::Event> events = transcript.read(lines);
    if (!events.empty() && !on_events(events)) control.stop(kGraceS);
    if (!transcript.broken().empty()) process->stop(0);
  }
  control.attach(nullptr);

  result = judge(process->exit(), transcript, request, control.stopped());
  result.seconds = clock.seconds() - begun;
  co_return result;
}

}  // namespace sweep

// sweep-trainer: trains one trial. What to train stands in a trial document, named by SWEEP_TRIAL (by the controller)
// or on the command line (by hand); as a worker it trains one for each line of standard input (--serve). It knows one
// trial at a time, and nothing of what the others gave.
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/printable.h"
#include "protocol/algorithms.h"
#include "protocol/outcome.h"
#include "trainer/data_verb.h"
#include "trainer/describe.h"
#include "trainer/fast_verb.h"
#include "trainer/locate/locate_verb.h"
#include "trainer/locate/trace_verb.h"
#include "trainer/phases.h"
#include "trainer/selftest_verb.h"
#include "trainer/serve.h"
#include "trainer/training/algorithms.h"
#include "trainer/training/trial.h"

namespace {

// Set by the handler, read between two steps: the one thing that a signal may do.
volatile std::sig_atomic_t stop_signal = 0;

void on_stop(int signal) { stop_signal = signal; }

// Writing events retries by itself. `flags`: SA_RESTART unless a wait for orders is to end.
void install_signals(int flags) {
  struct sigaction action {};
  action.sa_handler = on_stop;
  sigemptyset(&action.sa_mask);
  action.sa_flags = flags;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files fails the write, which says so
}

// Names of files and columns come from outside: they must not act on the terminal.
void say(std::string_view line) { std::fprintf(stderr, "%s\n", core::printable_lines(line).c_str()); }

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// Whether the calls of a step are recorded and replayed. Without it a kernel's error names its op.
bool records_steps() {
  constexpr char kName[] = "SWEEP_STEP_GRAPH";
  const std::string wanted = environment(kName);
  if (wanted != "" && wanted != "on" && wanted != "off")
    throw core::UserError(kName, "'" + wanted + "' is unknown", "expected on or off");
  return wanted != "off";
}

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

trainer::TrialOrder read_order(const std::string& document) {
  trainer::TrialOrder order;
  order.place = document;
  const std::string text = core::read_file(document, protocol::kMaxTrialDocumentBytes);
  order.document = protocol::TrialDocument::from_json(core::parse_json(text, document), document);
  order.checkpoint_dir = environment(protocol::kEnvCheckpointDir);
  order.resume = environment(protocol::kEnvResume);
  order.algorithms = trainer::read_algorithms(environment(protocol::kEnvAlgorithms));
  return order;
}

int probe(int argc, char** argv) {
  constexpr int kMostPasses = 100000;
  int passes = 100;
  if (argc == 4) {
    const std::string_view given = argv[3];
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), passes);
    if (error != std::errc() || end != given.data() + given.size() || passes < 1 || passes > kMostPasses)
      throw core::UserError("passes", "'" + std::string(given) + "' does not fit",
                            "expected an integer from 1 to " + std::to_string(kMostPasses));
  }
  if (argc < 3 || argc > 4)
    throw core::UserError("arguments", "probe takes a trial document and a number of passes",
                          "see sweep-trainer --help");
  return std::fputs(trainer::probe_trial(read_order(argv[2]), passes).c_str(), stdout) < 0;
}

std::uint64_t step_number(const char* given) {
  const std::string_view text = given;
  std::uint64_t step = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
  if (error != std::errc() || end != text.data() + text.size() || step < 1)
    throw core::UserError("step", "'" + std::string(text) + "' does not fit", "expected an integer from 1 on");
  return step;
}

int trace(int argc, char** argv) {
  if (argc == 4) return trainer::trace_tensors(read_order(argv[2]), step_number(argv[3]));
  if (argc == 5) return trainer::trace_steps(read_order(argv[2]), step_number(argv[3]), step_number(argv[4]));
  if (argc == 6) return trainer::trace_values(read_order(argv[2]), step_number(argv[3]), argv[4], argv[5]);
  throw core::UserError("arguments", "trace takes a trial document and a step", "see sweep-trainer --help");
}

int locate(int argc, char** argv) {
  if (argc != 5)
    throw core::UserError("arguments", "locate takes a trial document, its recorded events and a step",
                          "see sweep-trainer --help");
  return trainer::locate(read_order(argv[2]), argv[3], step_number(argv[4]));
}

// Without a folder there is no checkpoint to go on from: 75 would ask for an attempt that begins anew.
int train(trainer::TrialOrder order, trainer::EventSink events, trainer::Workspace& workspace) {
  order.stop_requested = [] { return stop_signal != 0; };
  order.now_s = steady_seconds;
  order.records_steps = records_steps();
  order.say = [](const std::string& line) { say(line); };
  const int code = trainer::run_trial(order, events, workspace);
  return code == protocol::kTrainerInterrupted && order.checkpoint_dir.empty() ? 128 + stop_signal : code;
}

trainer::WriteLine events_writer() {
  const std::string target = environment(protocol::kEnvEvents);
  return target.empty() ? trainer::append_to_descriptor(STDOUT_FILENO, "standard output") : trainer::append_to(target);
}

int train_one(const std::string& document) {
  install_signals(SA_RESTART);
  trainer::TrialOrder order = read_order(document);
  trainer::Workspace workspace;
  return train(std::move(order), trainer::EventSink(events_writer()), workspace);
}

// Trains as ever, and says on standard error where the time of the start went.
int time_phases(const std::string& document) {
  install_signals(SA_RESTART);
  trainer::Phases phases(steady_seconds);
  trainer::TrialOrder order = read_order(document);
  phases.end("trial document");
  order.phase_ended = [&](const char* phase) { phases.end(phase); };
  trainer::Workspace workspace;
  const int code = train(std::move(order), trainer::EventSink(events_writer()), workspace);
  phases.end("the rest");
  say(phases.text());
  return code;
}

int serve() {
  install_signals(0);
  const trainer::WriteLine write = events_writer();
  // Standard error, where it prints, is not buffered: what a trial printed stands there before the word that it is
  // done.
  const auto train_assigned = [&](const protocol::Assignment& assignment, trainer::Workspace& workspace,
                                  const std::string& done) {
    trainer::TrialOrder order;
    order.place = "trial " + assignment.document.trial;
    order.document = assignment.document;
    order.checkpoint_dir = assignment.variable(protocol::kEnvCheckpointDir);
    order.resume = assignment.variable(protocol::kEnvResume);
    order.algorithms = trainer::read_algorithms(assignment.variable(protocol::kEnvAlgorithms));
    return train(std::move(order), trainer::EventSink(write, done), workspace);
  };
  return trainer::serve({STDIN_FILENO, train_assigned, [] { return stop_signal != 0; }});
}

int run(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "";
  if (first == "data" && argc >= 3 && argc <= 5)
    return trainer::run_data_verb(argv[2], argc >= 4 ? argv[3] : "", argc == 5 ? argv[4] : "");
  if (first == "probe") return probe(argc, argv);
  if (first == "trace") return trace(argc, argv);
  if (first == "locate") return locate(argc, argv);
  if (first == "--timings" && argc == 3) return time_phases(argv[2]);
  if (first == "--timings") throw core::UserError(first, "takes one trial document", "write --timings FILE");
  if (argc > 2) throw core::UserError("arguments", "too many", "see sweep-trainer --help");
  if (first == "--help" || first == "-h") return std::fputs(trainer::help_text().c_str(), stdout) < 0;
  if (first == "--describe") return std::fputs(trainer::describe_text().c_str(), stdout) < 0;
  if (first == "--version") return std::fputs(trainer::version_text().c_str(), stdout) < 0;
  if (first == "fast") return trainer::run_fast_verb();
  if (first == "selftest") return trainer::run_selftest_verb();
  if (first == protocol::kServe) return serve();
  if (first.starts_with("-")) throw core::UserError(first, "there is no such flag", "see sweep-trainer --help");
  const std::string document = first.empty() ? environment(protocol::kEnvTrial) : first;
  if (document.empty())
    throw core::UserError("arguments", "no trial document",
                          "name one, or set SWEEP_TRIAL as sweep does; see sweep-trainer --help");
  return train_one(document);
}

// What was printed is out, or it is an error: of a full disk, of a reader that is gone.
int with_output(int code) {
  if (std::fflush(stdout) != 0)
    throw core::EnvironmentError("standard output", std::string("cannot be written: ") + std::strerror(errno));
  if (std::ferror(stdout)) throw core::EnvironmentError("standard output", "cannot be written");
  return code;
}

int report(const char* what, int code) {
  say(what);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return with_output(run(argc, argv));
  } catch (const core::UserError& error) {
    return report(error.what(), protocol::kTrainerUserError);
  } catch (const core::EnvironmentError& error) {
    return report(error.what(), protocol::kTrainerUnsuitable);
  } catch (const kernels::OutOfMemory& error) {
    return report(error.what(), protocol::kTrainerOutOfMemory);
  } catch (const std::filesystem::filesystem_error& error) {
    return report((error.path1().string() + ": " + error.code().message()).c_str(), protocol::kTrainerUnsuitable);
  } catch (const std::system_error& error) {
    return report(error.what(), protocol::kTrainerUnsuitable);
  } catch (const std::bad_alloc&) {
    return report("memory is exhausted", protocol::kTrainerOutOfMemory);
  } catch (const trainer::ReaderGone& error) {
    return report(error.what(), protocol::kTrainerUnsuitable);
  }
}

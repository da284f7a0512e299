// See describe.h.
#include "trainer/describe.h"

#include <fmt/format.h>

#include <vector>

#include "core/version.h"
#include "kernels/backends.h"
#include "protocol/data_set.h"
#include "protocol/trial_document.h"
#include "trainer/hyperparameters.h"
#include "trainer/locate/trace_verb.h"
#include "trainer/training/trial.h"

namespace trainer {

std::string help_text() {
  std::string text =
      "sweep-trainer: trains one trial of a sweep\n"
      "\n"
      "  sweep-trainer              the trial document that SWEEP_TRIAL names, events to SWEEP_EVENTS\n"
      "  sweep-trainer FILE         that trial document; without SWEEP_EVENTS events go to standard output\n"
      "  sweep-trainer --serve      a trial for each line of standard input, until its end (docs/trial-protocol.md)\n"
      "  sweep-trainer data SOURCE [OPTIONS [CONFIGS]]\n"
      "                             what a data set holds, as JSON, or what is wrong with it; of a JSON list of\n"
      "                             configurations also what their trials could not do with it\n"
      "  sweep-trainer selftest     checks this machine's arithmetic against the constants in the program\n"
      "  sweep-trainer fast         the class of device that the bits of numerics fast depend on, as JSON\n"
      "  sweep-trainer --timings FILE          trains that trial, and says what each phase of its start took\n"
      "  sweep-trainer probe FILE [PASSES]\n"
      "                             mean and spread of each output of that trial's network over passes (100) through "
      "its\n"
      "                             layers that draw random numbers; SWEEP_RESUME: of a checkpoint\n"
      "  sweep-trainer trace FILE STEP          each tensor of a step of that trial, with a digest\n"
      "  sweep-trainer trace FILE FIRST LAST    a digest of all that each of those steps computes\n"
      "  sweep-trainer trace FILE STEP TENSOR OUT   the bits of one of them into the file OUT\n"
      "  sweep-trainer locate FILE EVENTS STEP  what must have been otherwise for the recorded events to differ there\n"
      "  sweep-trainer --describe   hyperparameters, metrics and data sets as JSON\n"
      "  sweep-trainer --version    version, commit, compiler, back ends\n"
      "\n"
      "Checkpoints are written to SWEEP_CHECKPOINT_DIR and gone on with from SWEEP_RESUME. SIGTERM: a checkpoint, "
      "then\n"
      "exit 75. Other exit codes: 0 completed or diverged, 2 document, hyperparameters or data at fault, 4 no such\n"
      "device or disk full, 12 out of memory. With SWEEP_STEP_GRAPH=off each step makes its calls anew, so that the\n"
      "message of a GPU's error names the op: the bits are the same.\n"
      "\n"
      "Hyperparameters (\"config\" in the document) [default]:\n";
  text += hyperparameter_help();
  text += "\nMetrics:\n" + metric_help();
  text += "\nData: IDX, CIFAR or .npy files in a folder, a CSV, .npz or .txt file (docs/data.md), or\n";
  for (const protocol::BuiltinData& builtin : protocol::builtin_data())
    text += fmt::format("  {:<20} {}\n", protocol::kBuiltinPrefix + std::string(builtin.name), builtin.summary);
  return text;
}

std::string describe_text() {
  std::vector<std::string> data;
  for (const protocol::BuiltinData& builtin : protocol::builtin_data()) data.emplace_back(builtin.name);
  const core::Json json = {{"identity", trainer_identity()},
                           {"protocol", protocol::kProtocolVersion},
                           {"hyperparameters", describe_hyperparameters()},
                           {"metrics", ranking_metrics()},
                           {"test_metrics", test_metrics()},
                           {"devices", {"cpu", "cuda"}},
                           {"trace", kTraceVersion},
                           {"data", data}};
  return core::canonical_json(json) + "\n";
}

std::string version_text() {
  const core::Build& build = core::build();
  return fmt::format("sweep-trainer {}\ncommit {}\ncompiler {}\nback ends {}\n", build.version, build.git_commit,
                     build.compiler, build.back_ends);
}

}  // namespace trainer

// See trace_verb.h.
#include "trainer/locate/trace_verb.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "core/error.h"
#include "core/math_float.h"
#include "core/suggest.h"
#include "kernels/cpu_threads.h"
#include "trainer/locate/step_trace.h"
#include "trainer/training/open_trial.h"

namespace trainer {
namespace {

constexpr char kBefore[] = "before.";

std::string hex(std::uint64_t number) { return fmt::format("{:016x}", number); }

void print(const core::Json& line) { std::printf("%s\n", core::canonical_json(line).c_str()); }

// A training behind a traced back end.
class TracedTrial {
 public:
  explicit TracedTrial(const TrialOrder& order)
      : workspace_(Workspace::For::kManyTrials),
        trial_(order, workspace_),
        nobody_([](std::string_view) {}),
        trace_(*trial_.device.ops, *trial_.device.context),
        context_(*trial_.device.ops, *trial_.device.context, trace_),
        training_(trial_.setting(
            {trial_.hyperparameters, order.document.seed, trial_.prepared, kernels::traced_backend(), context_},
            nobody_, nullptr)) {
    trial_.adopt(training_);
    if (!order.resume.empty()) trial_.restore(training_);
    trace_.watch(training_);
  }

  /// Errors: UserError where there is no such step from here on.
  void go_to(std::uint64_t step) {
    if (step <= training_.step() || step > training_.total_steps())
      throw core::UserError("step", fmt::format("{} is not one of this trial", step),
                            fmt::format("expected {} to {}", training_.step() + 1, training_.total_steps()));
    while (training_.step() + 1 < step) run();
  }

  protocol::Trace run(std::optional<std::size_t> keep = {}) {
    trace_.begin(keep);
    return training_.single_step();
  }

  /// Weights and moments as tensors, with their bits.
  std::vector<std::pair<TracedTensor, std::vector<std::uint32_t>>> begins_with() {
    std::vector<std::pair<TracedTensor, std::vector<std::uint32_t>>> all;
    for (const NamedTensor& tensor : training_.snapshot().tensors) {
      std::vector<std::uint32_t> bits(tensor.values.size());
      std::transform(tensor.values.begin(), tensor.values.end(), bits.begin(), core::portable::bits_of);
      const std::size_t columns = tensor.shape.empty() ? 1 : tensor.shape.back();
      all.push_back({{kBefore + tensor.name, true, bits.size() / columns, columns, digest_of(bits, true)}, bits});
    }
    return all;
  }

  const StepTrace& trace() const { return trace_; }

 private:
  // Tensors of the step that are computed on this thread need the same state of the processor as those of the ops.
  const kernels::cpu::PortableFloatState float_state_;
  Workspace workspace_;
  OpenTrial trial_;
  EventSink nobody_;
  StepTrace trace_;
  kernels::TracedContext context_;
  Training training_;
};

core::Json line_of(const TracedTensor& tensor) {
  return {{"tensor", tensor.name},
          {"type", tensor.is_float ? "float" : "integer"},
          {"rows", tensor.rows},
          {"columns", tensor.columns},
          {"digest", hex(tensor.digest)}};
}

TrialOrder with_trace(TrialOrder order) {
  check_document(order);
  order.document.trace = "step";
  order.records_steps = false;  // the listener hears calls
  return order;
}

int write_bits(const TracedTensor& tensor, const std::vector<std::uint32_t>& bits, const std::string& file) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bits.data()), static_cast<std::streamsize>(bits.size() * sizeof(bits[0])));
  out.close();
  if (!out) throw core::EnvironmentError(file, "cannot be written");
  print(line_of(tensor));
  return 0;
}

}  // namespace

int trace_steps(const TrialOrder& given, std::uint64_t first, std::uint64_t last) {
  if (last < first)
    throw core::UserError("steps", fmt::format("{} comes before {}", last, first),
                          "name the first step, then the last");
  const TrialOrder order = with_trace(given);
  TracedTrial trial(order);
  trial.go_to(first);
  for (std::uint64_t step = first; step <= last; ++step) {
    trial.go_to(step);
    trial.run();
    print({{"step", step}, {"digest", hex(trial.trace().digest())}});
  }
  return 0;
}

int trace_tensors(const TrialOrder& given, std::uint64_t step) {
  const TrialOrder order = with_trace(given);
  TracedTrial trial(order);
  trial.go_to(step);
  for (const auto& [tensor, bits] : trial.begins_with()) print(line_of(tensor));
  const protocol::Trace prints = trial.run();
  for (const TracedTensor& tensor : trial.trace().tensors()) print(line_of(tensor));
  core::Json weights = core::Json::object();
  for (std::size_t i = 0; i < prints.tensors.size(); ++i) weights[prints.tensors[i]] = hex(prints.weights[i]);
  print({{"step", step}, {"batch", hex(prints.batch.at(0))}, {"weights", weights}});
  return 0;
}

int trace_values(const TrialOrder& given, std::uint64_t step, const std::string& name, const std::string& file) {
  const TrialOrder order = with_trace(given);
  std::vector<TracedTensor> tensors;
  {
    TracedTrial trial(order);
    trial.go_to(step);
    for (const auto& [tensor, bits] : trial.begins_with())
      if (tensor.name == name) return write_bits(tensor, bits, file);
    trial.run();
    tensors = trial.trace().tensors();
  }
  // What an op's result is called is known once the step is over, so it is run a second time.
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const TracedTensor& tensor) { return tensor.name == name; });
  if (found == tensors.end()) {
    std::vector<std::string> names;
    for (const TracedTensor& tensor : tensors) names.push_back(tensor.name);
    const auto nearest = core::nearest_word(name, names);
    throw core::UserError("tensor", fmt::format("step {} has no '{}'", step, name),
                          nearest ? "did you mean '" + *nearest + "'?" : "sweep-trainer trace FILE STEP lists them");
  }
  TracedTrial again(order);
  again.go_to(step);
  again.run(static_cast<std::size_t>(found - tensors.begin()));
  return write_bits(*found, again.trace().kept(), file);
}

}  // namespace trainer

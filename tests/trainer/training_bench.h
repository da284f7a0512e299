// A training in memory: a small data set, events in a list, a clock and a stop that the test moves.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/philox.h"
#include "protocol/event.h"
#include "trainer/training/loop.h"

/// Three noisy clusters in five dimensions: 210 samples to train and validate on, 30 to test.
inline trainer::Dataset clusters() {
  const auto make = [](std::uint32_t part, std::uint32_t count) {
    trainer::Samples samples;
    samples.features = 5;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto label = static_cast<std::int32_t>(i % 3);
      for (int f = 0; f < 5; ++f) {
        const core::Philox4 bits = core::random_bits(9, core::Purpose::kNoise, part, i, static_cast<std::uint32_t>(f));
        samples.values.push_back(3 * core::uniform_float(bits.word[0]) + static_cast<float>((f + label) % 3));
      }
      samples.labels.push_back(label);
    }
    return samples;
  };
  trainer::Dataset data;
  data.train = make(0, 210);
  data.test = make(1, 30);
  data.classes = 3;
  return data;
}

/// What the events of one attempt, or of several put together, say: all that must be the same.
struct Told {
  std::map<std::uint64_t, std::vector<std::uint64_t>> fingerprints;  ///< by step: the tensors', then the batch's
  std::map<std::string, std::string> metrics;                        ///< step and names → values, to the bit
  std::string finished;

  bool operator==(const Told&) const = default;

  void add(const protocol::Event& event) {
    protocol::Event plain = event;
    plain.seq = 0;
    if (const auto* trace = std::get_if<protocol::Trace>(&event.body)) add_trace(*trace);
    if (const auto* metric = std::get_if<protocol::MetricValues>(&event.body))
      metrics[std::to_string(metric->step) + metric->values.begin()->first] = plain.line();
    if (std::holds_alternative<protocol::Finished>(event.body)) finished = plain.line();
  }

 private:
  void add_trace(const protocol::Trace& trace) {
    for (std::uint64_t s = 0; s < trace.steps(); ++s) {
      const auto row = trace.weights.begin() + static_cast<std::ptrdiff_t>(s * trace.tensors.size());
      std::vector<std::uint64_t> prints(row, row + static_cast<std::ptrdiff_t>(trace.tensors.size()));
      prints.push_back(trace.batch[s]);
      fingerprints[trace.from + s] = prints;
    }
  }
};

inline core::Json small_config() {
  return {{"hidden", {16, 9}}, {"batch_size", 16},      {"epochs", 3},
          {"dropout", 0.25},   {"learning_rate", 0.01}, {"validation_fraction", 0.1}};
}

/// One attempt. Everything may be changed before `start`.
struct Bench {
  trainer::Dataset dataset = clusters();
  core::Json config = small_config();
  std::uint32_t seed = 1;
  int threads = 1;
  kernels::CpuIsa isa = kernels::CpuIsa::kBest;
  const kernels::Backend* ops = &kernels::cpu_backend();
  std::function<std::unique_ptr<kernels::Context>()> open{};  ///< a context of `ops`; empty for the CPU's
  std::uint64_t trace = 1;
  bool records_steps = true;
  std::size_t keep_best = 1;
  std::string best_name = "{step}";
  bool write_best = true;
  std::filesystem::path folder;             ///< of checkpoints; empty for none
  std::optional<std::uint64_t> stop_after;  ///< a stop is requested once so many steps are asked for
  double seconds_a_look = 0;                ///< how far each look at the clock moves it

  std::vector<protocol::Event> events;

  trainer::Training& start(const std::string& resume = {}) {
    hyperparameters = trainer::parse_hyperparameters(config);
    context = open ? open() : kernels::make_cpu_context(threads, isa);
    data = trainer::prepare_data(dataset, {hyperparameters.validation_fraction}, seed, *ops, *context);
    sink = std::make_unique<trainer::EventSink>([this](std::string_view line) {
      events.push_back(protocol::Event::parse(line.substr(0, line.size() - 1), "test"));
    });
    if (!folder.empty()) checkpoints = std::make_unique<trainer::CheckpointFolder>(folder);
    training = std::make_unique<trainer::Training>(
        trainer::Setting{hyperparameters,
                         seed,
                         {{"seed", seed}, {"config", config}},
                         {"val_accuracy", protocol::Goal::kMaximize, protocol::Reduce::kBest},
                         trace,
                         data,
                         *ops,
                         *context,
                         *sink,
                         checkpoints.get(),
                         keep_best,
                         best_name,
                         write_best,
                         [this] { return stop_after && looks++ == *stop_after; },
                         [this] { return clock += seconds_a_look; },
                         [](const std::string&) {},
                         records_steps});
    if (!resume.empty()) {
      const std::filesystem::path file = folder / resume;
      training->restore(trainer::load_checkpoint(file, {{"seed", seed}, {"config", config}},
                                                 trainer::max_checkpoint_bytes(training->weight_count())),
                        file.string());
      checkpoints->keep("last", resume);
    }
    return *training;
  }

  Told told() const {
    Told told;
    for (const protocol::Event& event : events) told.add(event);
    return told;
  }

  /// The newest checkpoint of `kind`, or an empty name.
  std::string newest(const std::string& kind) const {
    std::string file;
    for (const protocol::Event& event : events)
      if (const auto* c = std::get_if<protocol::Checkpoint>(&event.body); c && c->kind == kind) file = c->file;
    return file;
  }

  trainer::Hyperparameters hyperparameters;
  std::unique_ptr<kernels::Context> context;
  trainer::PreparedData data;
  std::unique_ptr<trainer::EventSink> sink;
  std::unique_ptr<trainer::CheckpointFolder> checkpoints;
  std::unique_ptr<trainer::Training> training;
  std::uint64_t looks = 0;
  double clock = 0;
};

/// All values of parameters and states.
inline std::vector<std::vector<float>> tensors_of(const trainer::Network& network) {
  std::vector<std::vector<float>> values;
  for (const auto* list : {&network.parameters(), &network.states()})
    for (const trainer::Parameter& p : *list) values.emplace_back(p.value.data(), p.value.data() + p.value.size());
  return values;
}

// Hypotheses about arithmetic and draws: of the ops that the step calls.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "trainer/locate/hypotheses.h"

namespace trainer {
namespace {

namespace hypotheses = kernels::hypotheses;
using core::Purpose;
using hypotheses::OtherBackend;
using hypotheses::Summing;

constexpr std::array kPurposes{std::pair{Purpose::kInitialWeights, "the initial weights"},
                               std::pair{Purpose::kShuffle, "the shuffle"},
                               std::pair{Purpose::kAugmentation, "augmentation"},
                               std::pair{Purpose::kSplit, "the split"},
                               std::pair{Purpose::kNoise, "noise"},
                               std::pair{Purpose::kSyntheticData, "synthetic data"},
                               std::pair{Purpose::kSearchOrder, "the search's order"}};

// The op's name as a trace has it: the first word of its name for people.
std::string op_of(Summing op) {
  const std::string words(name(op));
  return words.substr(0, words.find_first_of(" ,"));
}

Hypothesis of_ops(std::string kind, std::string text, std::function<void(OtherBackend&)> ops) {
  Hypothesis hypothesis;
  hypothesis.kind = std::move(kind);
  hypothesis.text = std::move(text);
  hypothesis.ops = std::move(ops);
  return hypothesis;
}

void add_flushed(std::vector<Hypothesis>& list) {
  for (const auto mode : hypotheses::flushed_modes()) {
    list.push_back(of_ops("denormals", fmt::format("denormal {} are flushed to zero", name(mode)),
                          [mode](OtherBackend& back_end) { back_end.flush(mode); }));
    list.back().detail = {{"mode", name(mode)}};
  }
}

void add_contracted(std::vector<Hypothesis>& list) {
  for (const auto source : hypotheses::contracted_sources()) {
    list.push_back(of_ops("contraction", fmt::format("products and sums are contracted in {}", name(source)),
                          [source](OtherBackend& back_end) { back_end.contract(source); }));
    list.back().detail = {{"source", name(source)}};
  }
}

void add_sums(std::vector<Hypothesis>& list, const std::set<std::string>& called) {
  for (const Summing op : hypotheses::summing_ops()) {
    if (!called.contains(op_of(op))) continue;
    for (const auto order : hypotheses::sum_orders()) {
      if (order == hypotheses::SumOrder::kUnfused && !is_dot(op)) continue;
      list.push_back(of_ops("sum order", fmt::format("{} sums {}", name(op), name(order)),
                            [op, order](OtherBackend& back_end) { back_end.sum(op, order); }));
      list.back().detail = {{"op", op_of(op)}, {"what", name(op)}, {"order", name(order)}};
    }
  }
}

void add_draws(std::vector<Hypothesis>& list) {
  const auto add = [&](hypotheses::DropoutDraw draw, std::string what) {
    list.push_back(
        of_ops("dropout", "dropout draws its mask " + what, [draw](OtherBackend& back_end) { back_end.draw(draw); }));
    list.back().detail = {{"drawn", what}};
  };
  for (const auto& [purpose, words] : kPurposes) add({purpose, 0, 0}, std::string("for the purpose of ") + words);
  add({Purpose::kDropout, 1, 0}, "for the layer behind");
  add({Purpose::kDropout, 0xffffffffu, 0}, "for the layer before");
  add({Purpose::kDropout, 0, 1}, "for the step behind");
  add({Purpose::kDropout, 0, 0xffffffffu}, "for the step before");
}

void add_statistics(std::vector<Hypothesis>& list, bool has_batch_before) {
  for (const auto way : hypotheses::statistics()) {
    const bool of_batch_before = way == hypotheses::Statistics::kBatchBefore;
    if (of_batch_before && !has_batch_before) continue;
    list.push_back(of_ops("batch norm", fmt::format("batch norm normalises with {}", name(way)),
                          [way](OtherBackend& back_end) { back_end.normalise(way); }));
    list.back().detail = {{"statistics", name(way)}};
    list.back().needs_step_before = of_batch_before;
  }
}

}  // namespace

std::vector<Hypothesis> op_hypotheses(Stepper& stepper) {
  std::vector<Hypothesis> list;
  if (stepper.ops().contains("dropout")) add_draws(list);
  if (stepper.ops().contains("batch_norm")) add_statistics(list, stepper.first_step() > 1);
  add_flushed(list);
  add_contracted(list);
  add_sums(list, stepper.ops());
  return list;
}

}  // namespace trainer

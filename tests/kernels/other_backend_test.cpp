// The tables through which a difference is located: in front of the CPU's they change no bit, until they are asked to;
// then only what was asked for.
#include "kernels/hypotheses/other_backend.h"

#include <algorithm>
#include <set>

#include "kernels/traced.h"
#include "tests/catch.h"
#include "tests/kernels/op_cases.h"

using namespace kernels;
using namespace kernels::hypotheses;
using tests::OpCase;
using tests::Sizes;

namespace {

// Without recordings, which an interposed table refuses to make.
std::vector<OpCase> all_cases() {
  std::vector<OpCase> all;
  for (auto cases :
       {tests::gemm_cases, tests::elementwise_cases, tests::column_sum_cases, tests::conv2d_cases, tests::pool2d_cases,
        tests::batch_norm_cases, tests::loss_cases, tests::optimizer_cases, tests::batch_cases, tests::text_cases})
    for (OpCase& one : cases(Sizes::kOdd))
      if (one.name != "steps replayed") all.push_back(std::move(one));
  return all;
}

tests::Written on_cpu(const OpCase& one) {
  const auto context = make_cpu_context(1);
  return one.run({cpu_backend(), *context});
}

class Listener final : public TraceListener {
 public:
  void wrote(const Written& written, std::initializer_list<const void*>) override { ops.insert(written.op); }
  std::set<std::string> ops;
};

// What the op does by itself: the column rule and the dot rule, the row rule, or nothing of the kind.
SumOrder own_order(Summing op) {
  constexpr Summing kRows[] = {Summing::kSoftmax, Summing::kLayerNorm, Summing::kLayerNormBackward,
                               Summing::kAttentionSoftmax, Summing::kAttentionBackwardSoftmax};
  if (std::find(std::begin(kRows), std::end(kRows), op) != std::end(kRows)) return SumOrder::kLanes32;
  return op == Summing::kEmbedBackward ? SumOrder::kAscending : SumOrder::kRule;
}

}  // namespace

TEST_CASE("an interposed table that was asked for nothing gives the bits of the table behind it") {
  for (const OpCase& one : all_cases()) {
    INFO(one.name);
    OtherBackend other(1);
    CHECK(tests::difference(one.run({other.ops(), other.context()}), on_cpu(one)) == "");
  }
}

TEST_CASE("a traced table gives the same bits and tells of every op of a training step") {
  Listener listener;
  const auto context = make_cpu_context(1);
  TracedContext traced(cpu_backend(), *context, listener);
  for (const OpCase& one : all_cases()) {
    INFO(one.name);
    CHECK(tests::difference(one.run({traced_backend(), traced}), on_cpu(one)) == "");
  }
  for (const char* op : {"gemm", "bias_activation", "conv2d_filter", "batch_norm_backward", "softmax_cross_entropy",
                         "max_pool2d", "attention", "layer_norm", "dropout", "optimizer_update", "indices"})
    CHECK(listener.ops.contains(op));
}

TEST_CASE("an op that sums otherwise has the bits of the honest one where the order is that of the rule") {
  for (const Summing op : summing_ops()) {
    OtherBackend other(1);
    other.sum(op, own_order(op));
    for (const OpCase& one : all_cases()) {
      INFO(name(op) << ": " << one.name);
      CHECK(tests::difference(one.run({other.ops(), other.context()}), on_cpu(one)) == "");
    }
  }
}

TEST_CASE("each order of a sum, of each op, changes a bit of some result") {
  const std::vector<OpCase> cases = all_cases();
  std::vector<tests::Written> honest;
  for (const OpCase& one : cases) honest.push_back(on_cpu(one));
  for (const Summing op : summing_ops())
    for (const SumOrder order : {SumOrder::kDescending, SumOrder::kPairwise, SumOrder::kLanes4, SumOrder::kDouble}) {
      OtherBackend other(1);
      other.sum(op, order);
      bool changed = false;
      for (std::size_t i = 0; i < cases.size() && !changed; ++i)
        changed = !tests::difference(cases[i].run({other.ops(), other.context()}), honest[i]).empty();
      INFO(name(op) << " sums " << name(order));
      CHECK(changed);
    }
}

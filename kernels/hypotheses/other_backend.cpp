// See other_backend.h.
#include "kernels/hypotheses/other_backend.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/error.h"
#include "kernels/cpu_context.h"
#include "kernels/hypotheses/choices.h"

namespace kernels::hypotheses {
namespace {

// An enumerator and its words.
template <class T>
using Words = std::pair<T, std::string_view>;

constexpr Words<SumOrder> kOrders[] = {
    {SumOrder::kAscending, "one after another, without chunks"},
    {SumOrder::kDescending, "from the last term to the first"},
    {SumOrder::kPairwise, "pairwise"},
    {SumOrder::kChunks64, "by chunks of 64"},
    {SumOrder::kChunks128, "by chunks of 128"},
    {SumOrder::kChunks512, "by chunks of 512"},
    {SumOrder::kChunks1024, "by chunks of 1024"},
    {SumOrder::kLanes4, "in 4 lanes"},
    {SumOrder::kLanes8, "in 8 lanes"},
    {SumOrder::kLanes16, "in 16 lanes"},
    {SumOrder::kLanes32, "in 32 lanes"},
    {SumOrder::kDouble, "in double"},
    {SumOrder::kUnfused, "with each product rounded first"},
};
constexpr Words<Summing> kSumming[] = {
    {Summing::kGemmForward, "gemm of the forward pass"},
    {Summing::kGemmWeights, "gemm of the weights' gradient"},
    {Summing::kGemmInputs, "gemm of the inputs' gradient"},
    {Summing::kConv, "conv2d"},
    {Summing::kConvWeights, "conv2d_filter"},
    {Summing::kConvInputs, "conv2d_data"},
    {Summing::kColumnSum, "column_sum"},
    {Summing::kActivationBackward, "activation_backward"},
    {Summing::kBatchNorm, "batch_norm"},
    {Summing::kBatchNormBackward, "batch_norm_backward"},
    {Summing::kSoftmax, "softmax_cross_entropy"},
    {Summing::kLayerNorm, "layer_norm"},
    {Summing::kLayerNormBackward, "layer_norm_backward"},
    {Summing::kSumOfSquares, "sum_of_squares"},
    {Summing::kAveragePool, "average_pool2d"},
    {Summing::kEmbedBackward, "embed_backward"},
    {Summing::kAttention, "attention, in its products,"},
    {Summing::kAttentionSoftmax, "attention, in its softmax,"},
    {Summing::kAttentionBackward, "attention_backward, in its products,"},
    {Summing::kAttentionBackwardSoftmax, "attention_backward, in its softmax,"},
};
constexpr Words<Contracted> kContracted[] = {
    {Contracted::kBatchNorm, "batch_norm_isa_cpu.cpp"},
    {Contracted::kElementwise, "elementwise_isa_cpu.cpp"},
    {Contracted::kLoss, "loss_isa_cpu.cpp"},
    {Contracted::kLayerNorm, "layer_norm_isa_cpu.cpp"},
    {Contracted::kAttention, "attention_isa_cpu.cpp"},
    {Contracted::kAll, "every source of the CPU back end"},
};
constexpr Words<Flushed> kFlushed[] = {
    {Flushed::kBoth, "results and operands (FTZ and DAZ)"},
    {Flushed::kResults, "results (FTZ)"},
    {Flushed::kOperands, "operands (DAZ)"},
};
constexpr Words<Statistics> kStatistics[] = {
    {Statistics::kBatchBefore, "the statistics of the batch before"},
    {Statistics::kRunning, "the running statistics"},
};

template <class T, std::size_t N>
constexpr std::array<T, N> values_of(const Words<T> (&table)[N]) {
  std::array<T, N> values{};
  for (std::size_t i = 0; i < N; ++i) values[i] = table[i].first;
  return values;
}

template <class T, std::size_t N>
std::string_view words_of(const Words<T> (&table)[N], T value) {
  const auto found = std::find_if(table, table + N, [&](const auto& row) { return row.first == value; });
  core::check(found != table + N, "an enumerator without words");
  return found->second;
}

void taken_batch(Context& context, std::uint32_t* out, std::uint32_t, std::uint64_t, const StepState*,
                 std::uint32_t count) {
  const std::vector<std::uint32_t>& batch = choices_of(context).batch;
  core::check(batch.size() == count, "a batch of another size");
  std::copy(batch.begin(), batch.end(), out);
}

void other_shuffle(Context& context, std::uint32_t* out, std::uint32_t n, std::uint64_t, const StepState* state,
                   std::uint32_t count) {
  Forward<&Backend::shuffle_indices>::call(context, out, n, choices_of(context).shuffle_seed, state, count);
}

void update_at_other_rate(Context& context, const OptimizerSettings& settings, const StepState* state, float* w,
                          float* m, float* v, const float* gradient, int count, std::uint32_t tensor,
                          std::uint64_t* fingerprint) {
  StepState other = *state;
  other.learning_rate = choices_of(context).learning_rate;
  Forward<&Backend::optimizer_update>::call(context, settings, &other, w, m, v, gradient, count, tensor, fingerprint);
}

}  // namespace

std::span<const SumOrder> sum_orders() {
  static constexpr auto all = values_of(kOrders);
  return all;
}
std::span<const Summing> summing_ops() {
  static constexpr auto all = values_of(kSumming);
  return all;
}
std::span<const Contracted> contracted_sources() {
  static constexpr auto all = values_of(kContracted);
  return all;
}
std::span<const Flushed> flushed_modes() {
  static constexpr auto all = values_of(kFlushed);
  return all;
}
std::span<const Statistics> statistics() {
  static constexpr auto all = values_of(kStatistics);
  return all;
}
std::string_view name(SumOrder order) { return words_of(kOrders, order); }
std::string_view name(Summing op) { return words_of(kSumming, op); }
std::string_view name(Contracted source) { return words_of(kContracted, source); }
std::string_view name(Flushed mode) { return words_of(kFlushed, mode); }
std::string_view name(Statistics way) { return words_of(kStatistics, way); }

bool is_dot(Summing op) {
  return op <= Summing::kConvInputs || op == Summing::kSumOfSquares || op == Summing::kAttention ||
         op == Summing::kAttentionBackward;
}

// Table and context in front, a CPU context with a table of its own behind.
class OtherBackend::Front {
 public:
  Front(int threads, CpuIsa isa)
      : isa_table(cpu::CpuContext(1, isa).table),
        inner(threads, isa, isa_table),
        table(forwarding_backend()),
        context(cpu_backend(), inner) {}

  cpu::IsaTable isa_table;
  cpu::CpuContext inner;
  Backend table;
  ChoosingContext context;
};

OtherBackend::OtherBackend(int threads, CpuIsa isa) : front_(std::make_unique<Front>(threads, isa)) {}
OtherBackend::~OtherBackend() = default;

const Backend& OtherBackend::ops() const { return front_->table; }
Context& OtherBackend::context() { return front_->context; }

void OtherBackend::sum(Summing op, SumOrder order) {
  front_->context.choices.order = order;
  front_->context.choices.summed.insert(op);
  put_other_order(front_->table, op);
}

void OtherBackend::contract(Contracted source) { put_contracted(front_->isa_table, source); }

void OtherBackend::flush(Flushed mode) { front_->isa_table = flushed_table(mode); }

void OtherBackend::normalise(Statistics way) {
  front_->context.choices.statistics = way;
  front_->table.batch_norm = other_batch_norm;
}

void OtherBackend::draw(const DropoutDraw& draw) {
  front_->context.choices.dropout = draw;
  front_->table.dropout = other_dropout;
}

void OtherBackend::draw_shuffle(std::uint64_t seed) {
  front_->context.choices.shuffle_seed = seed;
  front_->table.shuffle_indices = other_shuffle;
}

void OtherBackend::take_batch(std::vector<std::uint32_t> indices) {
  front_->context.choices.batch = std::move(indices);
  front_->table.shuffle_indices = taken_batch;
}

void OtherBackend::use_rate(float learning_rate) {
  front_->context.choices.learning_rate = learning_rate;
  front_->table.optimizer_update = update_at_other_rate;
}

const OtherBackend::Choices& choices_of(Context& context) {
  auto* const found = dynamic_cast<ChoosingContext*>(&context);
  core::check(found != nullptr, "an op of another order was given a context without choices");
  return found->choices;
}

}  // namespace kernels::hypotheses

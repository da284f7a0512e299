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

constexpr std::array kOrders{
    Words<SumOrder>{SumOrder::kAscending, "one after another, without chunks"},
    Words<SumOrder>{SumOrder::kDescending, "from the last term to the first"},
    Words<SumOrder>{SumOrder::kPairwise, "pairwise"},
    Words<SumOrder>{SumOrder::kChunks64, "by chunks of 64"},
    Words<SumOrder>{SumOrder::kChunks128, "by chunks of 128"},
    Words<SumOrder>{SumOrder::kChunks512, "by chunks of 512"},
    Words<SumOrder>{SumOrder::kChunks1024, "by chunks of 1024"},
    Words<SumOrder>{SumOrder::kLanes4, "in 4 lanes"},
    Words<SumOrder>{SumOrder::kLanes8, "in 8 lanes"},
    Words<SumOrder>{SumOrder::kLanes16, "in 16 lanes"},
    Words<SumOrder>{SumOrder::kLanes32, "in 32 lanes"},
    Words<SumOrder>{SumOrder::kDouble, "in double"},
    Words<SumOrder>{SumOrder::kUnfused, "with each product rounded first"},
};
constexpr std::array kSumming{
    Words<Summing>{Summing::kGemmForward, "gemm of the forward pass"},
    Words<Summing>{Summing::kGemmWeights, "gemm of the weights' gradient"},
    Words<Summing>{Summing::kGemmInputs, "gemm of the inputs' gradient"},
    Words<Summing>{Summing::kConv, "conv2d"},
    Words<Summing>{Summing::kConvWeights, "conv2d_filter"},
    Words<Summing>{Summing::kConvInputs, "conv2d_data"},
    Words<Summing>{Summing::kColumnSum, "column_sum"},
    Words<Summing>{Summing::kActivationBackward, "activation_backward"},
    Words<Summing>{Summing::kBatchNorm, "batch_norm"},
    Words<Summing>{Summing::kBatchNormBackward, "batch_norm_backward"},
    Words<Summing>{Summing::kSoftmax, "softmax_cross_entropy"},
    Words<Summing>{Summing::kLayerNorm, "layer_norm"},
    Words<Summing>{Summing::kLayerNormBackward, "layer_norm_backward"},
    Words<Summing>{Summing::kSumOfSquares, "sum_of_squares"},
};
constexpr std::array kContracted{
    Words<Contracted>{Contracted::kBatchNorm, "batch_norm_isa_cpu.cpp"},
    Words<Contracted>{Contracted::kElementwise, "elementwise_isa_cpu.cpp"},
    Words<Contracted>{Contracted::kLoss, "loss_isa_cpu.cpp"},
    Words<Contracted>{Contracted::kLayerNorm, "layer_norm_isa_cpu.cpp"},
    Words<Contracted>{Contracted::kAttention, "attention_isa_cpu.cpp"},
    Words<Contracted>{Contracted::kAll, "every source of the CPU back end"},
};
constexpr std::array kFlushed{
    Words<Flushed>{Flushed::kBoth, "results and operands (FTZ and DAZ)"},
    Words<Flushed>{Flushed::kResults, "results (FTZ)"},
    Words<Flushed>{Flushed::kOperands, "operands (DAZ)"},
};
constexpr std::array kStatistics{
    Words<Statistics>{Statistics::kBatchBefore, "the statistics of the batch before"},
    Words<Statistics>{Statistics::kRunning, "the running statistics"},
};

template <class T, std::size_t N>
constexpr std::array<T, N> values_of(const std::array<Words<T>, N>& table) {
  std::array<T, N> values{};
  for (std::size_t i = 0; i < N; ++i) values[i] = table[i].first;
  return values;
}

template <class T, std::size_t N>
std::string_view words_of(const std::array<Words<T>, N>& table, T value) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.first == value; });
  core::check(found != table.end(), "an enumerator without words");
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

bool is_dot(Summing op) { return op <= Summing::kConvInputs || op == Summing::kSumOfSquares; }

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
  if (op == Summing::kGemmForward) front_->context.choices.gemm = Transpose::kNT;
  if (op == Summing::kGemmWeights) front_->context.choices.gemm = Transpose::kTN;
  if (op == Summing::kGemmInputs) front_->context.choices.gemm = Transpose::kNN;
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

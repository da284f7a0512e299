// Cases of op_cases.h for steps as a training makes them: a plan in device memory, the same calls again and again,
// recorded and replayed, and a row left by each.
#include "core/error.h"
#include "tests/kernels/op_arrays.h"

namespace tests {
namespace {

using kernels::Buffer;
using kernels::StepState;

constexpr int kSamples = 700, kColumns = 5, kLongest = 300;

/// The memory of the steps, and their calls.
class Steps {
 public:
  Steps(const Machine& machine, std::uint32_t planned) : machine_(machine), plan_(put(machine, plan_of(planned))) {
    table_ = unwritten<std::uint32_t>(machine, planned * kWords);
  }

  void run(int rows) {
    const kernels::Backend& ops = machine_.backend;
    kernels::Context& context = machine_.context;
    const auto count = static_cast<std::uint32_t>(rows);
    ops.next_step(context, plan_.data(), plan_.data() + 1);
    ops.shuffle_indices(context, indices_.data(), kSamples, 77, plan_.data(), count);
    ops.gather_rows(context, batch_.data(), data_.data(), indices_.data(), rows, kColumns);
    ops.dropout(context, batch_.data(), batch_.data(), rows * kColumns, 0.25f, 77, 1, plan_.data());
    ops.column_sum(context, sums_.data(), batch_.data(), rows, kColumns);  // in a workspace on the GPU
    ops.gemm(context, kernels::Transpose::kTN, kColumns, kColumns, rows, batch_.data(), batch_.data(),
             products_.data());  // in another one
    ops.set_zero(context, row_.data(), kWords * sizeof(std::uint32_t));
    ops.batch_fingerprint(context, indices_.data(), rows, reinterpret_cast<std::uint64_t*>(row_.data()));
    ops.sum_of_squares(context, reinterpret_cast<float*>(row_.data() + 2), products_.data(), kColumns * kColumns);
    ops.sum_of_squares(context, reinterpret_cast<float*>(row_.data() + 3), sums_.data(), kColumns);
    ops.store_row(context, table_.data(), row_.data(), static_cast<int>(kWords), plan_.data());
  }

  Written written() const {
    return {{"rows", get(machine_, table_)}, {"sums", get(machine_, sums_)}, {"products", get(machine_, products_)}};
  }

 private:
  static constexpr std::size_t kWords = 5;  // of a step's row: the last one stays 0

  static std::vector<StepState> plan_of(std::uint32_t steps) {
    std::vector<StepState> plan(steps + 1);
    for (std::uint32_t i = 0; i < steps; ++i) {
      StepState& state = plan[i + 1];
      state.step = 100 + i;
      state.epoch = i / 3;
      state.first = 17 * i;
      state.begun = i + 1;
    }
    return plan;
  }

  const Machine& machine_;
  Buffer<StepState> plan_;
  Buffer<std::uint32_t> table_;
  Buffer<float> data_ = put(machine_, random_floats(size(kSamples, kColumns), 61));
  Buffer<std::uint32_t> indices_ = unwritten<std::uint32_t>(machine_, size(kLongest));
  Buffer<float> batch_ = unwritten<float>(machine_, size(kLongest, kColumns));
  Buffer<float> sums_ = unwritten<float>(machine_, size(kColumns));
  Buffer<float> products_ = unwritten<float>(machine_, size(kColumns, kColumns));
  Buffer<std::uint32_t> row_ = unwritten<std::uint32_t>(machine_, kWords);
};

}  // namespace

// Two lengths take turns, as the last batch of an epoch does with the others; `recorded` from their second time on.
OpCase steps_case(bool recorded) {
  return {recorded ? "steps replayed" : "steps", [=](const Machine& machine) -> Written {
            const int lengths[] = {kLongest, 9};
            std::unique_ptr<kernels::Recording> kept[2];
            Steps steps(machine, 8);
            for (int i = 0; i < 8; ++i) {
              const int which = i % 3 == 2 ? 1 : 0;
              const auto calls = [&] { steps.run(lengths[which]); };
              if (!recorded || i < 3) {
                calls();
                continue;
              }
              if (!kept[which]) kept[which] = kernels::record(machine.backend, machine.context, calls);
              machine.backend.replay(machine.context, *kept[which]);
            }
            return steps.written();
          }};
}

}  // namespace tests

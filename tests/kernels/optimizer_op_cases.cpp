// Cases of op_cases.h for the optimizers, the norm of the gradients and the fingerprints.
#include <fmt/format.h>

#include "tests/kernels/op_arrays.h"

namespace tests {
namespace {

using kernels::Buffer;
using kernels::OptimizedTensor;
using kernels::Optimizer;
using kernels::OptimizerSettings;
using kernels::StepState;

OpCase optimizer_case(Optimizer kind, int count, bool with_fingerprint, bool special, std::size_t offset = 0) {
  const Values values = special ? Values::kSpecial : Values::kOrdinary;
  const char* const names[] = {"sgd", "adam", "adamw", "rmsprop", "lion"};
  const std::string name = fmt::format("optimizer_update {} {}{}{}{}", names[static_cast<int>(kind)], count,
                                       with_fingerprint ? " with fingerprint" : "", in_words(values), in_words(offset));
  return {name, [=](const Machine& machine) -> Written {
            Buffer<float> w = put(machine, filled(size(count), 17, values), offset);
            Buffer<float> m = put(machine, random_floats(size(count), 18), offset);
            Floats squares = random_floats(size(count), 19);
            for (float& value : squares) value = value * value;
            Buffer<float> v = put(machine, squares, offset);
            const Buffer<float> gradient = put(machine, filled(size(count), 20, values), offset);
            StepState clipped = kStep;
            clipped.gradient_scale = special ? 0.75f : 1.0f;
            if (with_fingerprint) clipped.momentum = 0.875f;
            const Buffer<StepState> state = put(machine, std::vector<StepState>{clipped});
            Buffer<std::uint64_t> print = put(machine, std::vector<std::uint64_t>{~std::uint64_t{0}});
            OptimizerSettings settings;
            settings.kind = kind;
            settings.weight_decay = 0.01f;
            settings.nesterov = special;
            machine.backend.optimizer_update(
                machine.context, settings, state.data(), w.data() + offset, m.data() + offset,
                kernels::has_second_moment(kind) ? v.data() + offset : nullptr, gradient.data() + offset, count, 5,
                with_fingerprint ? print.data() : nullptr);
            return {{"w", get(machine, w)},
                    {"m", get(machine, m)},
                    {"v", get(machine, v)},
                    {"fingerprint", get(machine, print)}};
          }};
}

OpCase norm_case(const std::vector<int>& counts, Values values) {
  return {fmt::format("norm of tensors of {}{}", fmt::join(counts, ", "), in_words(values)),
          [=](const Machine& machine) -> Written {
            Buffer<float> squares = unwritten<float>(machine, counts.size());
            for (std::size_t i = 0; i < counts.size(); ++i) {
              const auto seed = static_cast<std::uint32_t>(43 + i);
              const Buffer<float> x = put(machine, filled(size(counts[i]), seed, values));
              machine.backend.sum_of_squares(machine.context, squares.data() + i, x.data(), counts[i]);
            }
            Buffer<StepState> state = put(machine, std::vector<StepState>{kStep});
            machine.backend.clip_gradients(machine.context, state.data(), squares.data(),
                                           static_cast<int>(counts.size()), 1.5f);
            StepState found{};
            machine.backend.copy_to_host(machine.context, &found, state.data(), sizeof(found));
            return {{"squares", get(machine, squares)}, {"scale", {word(found.gradient_scale)}}};
          }};
}

OpCase fingerprint_case(int count) {
  return {
      fmt::format("fingerprint and batch_fingerprint {}", count), [=](const Machine& machine) -> Written {
        const Buffer<float> x = put(machine, special_floats(size(count), 23));
        std::vector<std::uint32_t> values(size(count));
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint32_t>(i * 2654435761u);
        const Buffer<std::uint32_t> indices = put(machine, values);
        Buffer<std::uint64_t> prints = put(machine, std::vector<std::uint64_t>{~std::uint64_t{0}, ~std::uint64_t{0}});
        machine.backend.fingerprint(machine.context, x.data(), count, 9, prints.data());
        machine.backend.batch_fingerprint(machine.context, indices.data(), count, prints.data() + 1);
        return {{"fingerprints", get(machine, prints)}};
      }};
}

// Every third tensor is not trained.
OpCase all_tensors_case(Optimizer kind, const std::vector<int>& counts, bool with_fingerprints) {
  const float clip_norm = with_fingerprints ? 1.5f : 0.0f;
  return {
      fmt::format("update_all {} of {} tensors{}", static_cast<int>(kind), counts.size(),
                  with_fingerprints ? ", clipped, with fingerprints" : ""),
      [=](const Machine& machine) -> Written {
        std::vector<Buffer<float>> w, m, v, gradients;
        std::vector<OptimizedTensor> tensors;
        for (std::size_t i = 0; i < counts.size(); ++i) {
          const auto seed = static_cast<std::uint32_t>(70 + 4 * i);
          w.push_back(put(machine, random_floats(size(counts[i]), seed)));
          m.push_back(put(machine, random_floats(size(counts[i]), seed + 1)));
          Floats squares = random_floats(size(counts[i]), seed + 2);
          for (float& value : squares) value = value * value;
          v.push_back(put(machine, squares));
          gradients.push_back(put(machine, wild_floats(size(counts[i]), seed + 3)));
          const bool is_trained = i % 3 != 2;
          float* const second = is_trained && kernels::has_second_moment(kind) ? v[i].data() : nullptr;
          tensors.push_back({w[i].data(), is_trained ? m[i].data() : nullptr, second,
                             is_trained ? gradients[i].data() : nullptr, counts[i], static_cast<std::uint32_t>(3 * i)});
        }
        Buffer<StepState> state = put(machine, std::vector<StepState>{kStep});
        Buffer<float> norms = unwritten<float>(machine, counts.size());
        Buffer<std::uint64_t> prints = put(machine, std::vector<std::uint64_t>(counts.size(), ~std::uint64_t{0}));
        OptimizerSettings settings;
        settings.kind = kind;
        settings.weight_decay = 0.01f;
        kernels::update_all(machine.backend, machine.context, settings, state.data(), tensors, clip_norm, norms.data(),
                            with_fingerprints ? prints.data() : nullptr);
        Written written = {{"fingerprints", get(machine, prints)}, {"norms", get(machine, norms)}};
        for (std::size_t i = 0; i < counts.size(); ++i) {
          written.emplace_back(fmt::format("w {}", i), get(machine, w[i]));
          written.emplace_back(fmt::format("m {}", i), get(machine, m[i]));
          written.emplace_back(fmt::format("v {}", i), get(machine, v[i]));
        }
        return written;
      }};
}

}  // namespace

std::vector<OpCase> optimizer_cases(Sizes sizes) {
  std::vector<OpCase> cases;
  for (const int count : sizes == Sizes::kOdd ? std::vector<int>{1, 3, 511, 512, 513, 1024, 1025, 3000}
                                              : std::vector<int>{784 * 512, 512, 1000003}) {
    for (const auto kind :
         {Optimizer::kSgd, Optimizer::kAdam, Optimizer::kAdamW, Optimizer::kRmsprop, Optimizer::kLion}) {
      cases.push_back(optimizer_case(kind, count, true, false));
      cases.push_back(optimizer_case(kind, count, false, true));
    }
    cases.push_back(fingerprint_case(count));
    cases.push_back(norm_case({count, 4096, 1}, Values::kOrdinary));
  }
  for (const auto kind : {Optimizer::kSgd, Optimizer::kAdam})
    cases.push_back(optimizer_case(kind, 1500, true, true, 1));
  cases.push_back(norm_case({4095, 4097, 0, 20000}, Values::kOrdinary));
  for (const Values values : kSumSpecials) cases.push_back(norm_case({300, 9000, 3, 7, 11}, values));
  cases.push_back(fingerprint_case(0));
  std::vector<int> many;  // more than one launch takes
  for (int i = 0; i < 400; ++i) many.push_back(i % 7 == 3 ? 0 : 1 + i * 11 % 700);
  for (const bool with_fingerprints : {true, false}) {
    cases.push_back(all_tensors_case(Optimizer::kAdam, many, with_fingerprints));
    cases.push_back(all_tensors_case(Optimizer::kSgd, {0, 1, 0}, with_fingerprints));
    cases.push_back(all_tensors_case(Optimizer::kLion, {0, 0}, with_fingerprints));
    cases.push_back(all_tensors_case(Optimizer::kRmsprop, {3000, 1024, 1024, 5, 0}, with_fingerprints));
  }
  return cases;
}

}  // namespace tests

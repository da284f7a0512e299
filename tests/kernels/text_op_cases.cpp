// The cases of op_cases.h for the ops of texts. Inputs are functions of the case, never of the back end.
#include <fmt/format.h>

#include "tests/kernels/op_arrays.h"

namespace tests {
namespace {

using kernels::AttentionShape;
using kernels::Buffer;

OpCase add_case(int count, bool in_place) {
  return {fmt::format("add {}{}", count, in_place ? " in place" : ""), [=](const Machine& machine) -> Written {
            Buffer<float> a = put(machine, special_floats(size(count), 101));
            const Buffer<float> b = put(machine, special_floats(size(count), 102));
            Buffer<float> out = unwritten<float>(machine, size(count));
            machine.backend.add(machine.context, in_place ? a.data() : out.data(), a.data(), b.data(), count);
            return {{"out", get(machine, out)}, {"a", get(machine, a)}};
          }};
}

OpCase embed_case(int texts, int context, int vocabulary, int columns) {
  const std::string name = fmt::format("embed {}×{} of {} in {}", texts, context, vocabulary, columns);
  return {name, [=](const Machine& machine) -> Written {
            const int rows = texts * context;
            std::vector<std::int32_t> chosen(size(rows));
            for (std::size_t i = 0; i < chosen.size(); ++i)
              chosen[i] = static_cast<std::int32_t>(i * i % 11 % static_cast<std::size_t>(vocabulary));
            const Buffer<std::int32_t> tokens = put(machine, chosen);
            const Buffer<float> table = put(machine, special_floats(size(vocabulary, columns), 103));
            const Buffer<float> places = put(machine, random_floats(size(context, columns), 104));
            const Buffer<float> dout = put(machine, wild_floats(size(rows, columns), 105));
            Buffer<float> out = unwritten<float>(machine, size(rows, columns));
            Buffer<float> dtable = unwritten<float>(machine, size(vocabulary, columns));
            machine.backend.embed(machine.context, out.data(), tokens.data(), table.data(), places.data(), rows,
                                  context, columns);
            machine.backend.embed_backward(machine.context, dtable.data(), tokens.data(), dout.data(), rows, vocabulary,
                                           columns);
            return {{"out", get(machine, out)}, {"dtable", get(machine, dtable)}};
          }};
}

OpCase layer_norm_case(int rows, int columns, Values values) {
  const std::string name = fmt::format("layer_norm {}×{}{}", rows, columns, in_words(values));
  return {name, [=](const Machine& machine) -> Written {
            const Buffer<float> x = put(machine, filled(size(rows, columns), 106, values));
            const Buffer<float> gain = put(machine, random_floats(size(columns), 107));
            const Buffer<float> shift = put(machine, random_floats(size(columns), 108));
            const Buffer<float> dout = put(machine, filled(size(rows, columns), 109, values));
            Buffer<float> out = unwritten<float>(machine, size(rows, columns));
            Buffer<float> mean = unwritten<float>(machine, size(rows)), inverse = unwritten<float>(machine, size(rows));
            Buffer<float> dx = unwritten<float>(machine, size(rows, columns));
            Buffer<float> dgain = unwritten<float>(machine, size(columns));
            Buffer<float> dshift = unwritten<float>(machine, size(columns));
            machine.backend.layer_norm(machine.context, out.data(), mean.data(), inverse.data(), x.data(), gain.data(),
                                       shift.data(), rows, columns, 1e-5f);
            machine.backend.layer_norm_backward(machine.context, dx.data(), dgain.data(), dshift.data(), dout.data(),
                                                x.data(), gain.data(), mean.data(), inverse.data(), rows, columns);
            return {{"out", get(machine, out)}, {"mean", get(machine, mean)},   {"inverse", get(machine, inverse)},
                    {"dx", get(machine, dx)},   {"dgain", get(machine, dgain)}, {"dshift", get(machine, dshift)}};
          }};
}

OpCase attention_case(const AttentionShape& shape, Values values) {
  const std::string name = fmt::format("attention {} texts of {}, {} heads of {}{}", shape.batch, shape.length,
                                       shape.heads, shape.depth, in_words(values));
  return {name, [=](const Machine& machine) -> Written {
            const std::size_t outputs = size(shape.batch * shape.length, shape.heads * shape.depth);
            const std::size_t places = size(shape.batch * shape.heads, shape.length * shape.length);
            Floats given = filled(3 * outputs, 110, values);
            if (values != Values::kTiny)
              for (float& value : given) value = 3.0f * value;
            const Buffer<float> qkv = put(machine, given);
            const Buffer<float> dout = put(machine, filled(outputs, 111, values));
            Buffer<float> out = unwritten<float>(machine, outputs), weights = unwritten<float>(machine, places);
            Buffer<float> scratch = unwritten<float>(machine, places), dqkv = unwritten<float>(machine, 3 * outputs);
            machine.backend.attention(machine.context, out.data(), weights.data(), qkv.data(), shape);
            machine.backend.attention_backward(machine.context, dqkv.data(), scratch.data(), dout.data(), qkv.data(),
                                               weights.data(), shape);
            return {{"out", get(machine, out)}, {"weights", get(machine, weights)}, {"dqkv", get(machine, dqkv)}};
          }};
}

}  // namespace

std::vector<OpCase> text_cases(Sizes sizes) {
  if (sizes == Sizes::kReal) {
    return {add_case(1000003, true),
            embed_case(64, 64, 65, 128),
            embed_case(3, 513, 200, 384),
            layer_norm_case(4096, 128, Values::kOrdinary),
            layer_norm_case(1001, 384, Values::kOrdinary),
            attention_case({64, 64, 4, 32}, Values::kOrdinary),
            attention_case({3, 513, 6, 64}, Values::kOrdinary),
            attention_case({1, 4700, 1, 4}, Values::kOrdinary),    // sums of several groups of several chunks
            attention_case({16390, 2, 4, 3}, Values::kOrdinary)};  // more heads than a grid is deep
  }
  std::vector<OpCase> cases = {add_case(1, false), add_case(1003, true), embed_case(1, 1, 1, 1),
                               embed_case(3, 5, 7, 33), embed_case(2, 130, 11, 129)};
  for (const Values values : {Values::kOrdinary, Values::kSmall, Values::kOnceWild}) {
    for (const auto& [rows, columns] : std::vector<std::pair<int, int>>{{1, 1}, {5, 31}, {3, 32}, {7, 33}, {258, 70}})
      cases.push_back(layer_norm_case(rows, columns, values));
    for (const AttentionShape& shape : std::vector<AttentionShape>{
             {1, 1, 1, 1}, {2, 5, 3, 7}, {1, 33, 2, 16}, {2, 31, 1, 17}, {1, 70, 1, 5}, {1, 300, 1, 3}})
      cases.push_back(attention_case(shape, values));
  }
  cases.push_back(attention_case({1, 3, 1, 4700}, Values::kOrdinary));  // sums of several groups of several chunks
  cases.push_back(attention_case({2, 16, 3, 16}, Values::kTiny));
  return cases;
}

}  // namespace tests

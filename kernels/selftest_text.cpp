// The self-test's digests of the ops on texts.
#include "kernels/selftest_run.h"

namespace kernels::selftest {
namespace {

std::size_t product(int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); }

Floats inputs(std::uint32_t stream, std::size_t count, bool wild) {
  return wild ? special(stream, count, true) : ordinary(stream, count);
}

void add_sum(Run& run) {
  constexpr int kCount = 1003;
  const Buffer<float> a = run.upload(special(110, kCount, true)), b = run.upload(raw(111, kCount));
  Buffer<float> out = run.make<float>(kCount);
  run.backend.add(run.context, out.data(), a.data(), b.data(), kCount);
  run.record("add", out);
}

void add_embedding(Run& run) {
  constexpr int kTexts = 9, kLength = 31, kVocabulary = 17, kColumns = 37, kRows = kTexts * kLength;
  std::vector<std::int32_t> numbers(kRows);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<std::int32_t>(random_word(112, i) % kVocabulary);
  const Buffer<std::int32_t> tokens = run.upload(numbers);
  const Buffer<float> table = run.upload(special(113, product(kVocabulary, kColumns), true));
  const Buffer<float> places = run.upload(ordinary(114, product(kLength, kColumns)));
  const Buffer<float> dout = run.upload(special(115, product(kRows, kColumns), false));
  Buffer<float> out = run.make<float>(product(kRows, kColumns));
  Buffer<float> dtable = run.make<float>(product(kVocabulary, kColumns));
  run.backend.embed(run.context, out.data(), tokens.data(), table.data(), places.data(), kRows, kLength, kColumns);
  run.backend.embed_backward(run.context, dtable.data(), tokens.data(), dout.data(), kRows, kVocabulary, kColumns);
  run.record("embed", out);
  run.record("embed_backward", dtable);
}

void add_layer_norm(Run& run, const std::string& name, int rows, int columns, bool wild) {
  const std::size_t width = static_cast<std::size_t>(columns), count = product(rows, columns);
  const Buffer<float> x = run.upload(inputs(116, count, wild)), dout = run.upload(inputs(117, count, wild));
  const Buffer<float> gain = run.upload(ordinary(118, width)), shift = run.upload(ordinary(119, width));
  Buffer<float> out = run.make<float>(count), dx = run.make<float>(count);
  Buffer<float> mean = run.make<float>(product(rows, 1)), inverse = run.make<float>(product(rows, 1));
  Buffer<float> dgain = run.make<float>(width), dshift = run.make<float>(width);
  run.backend.layer_norm(run.context, out.data(), mean.data(), inverse.data(), x.data(), gain.data(), shift.data(),
                         rows, columns, 1e-5f);
  run.backend.layer_norm_backward(run.context, dx.data(), dgain.data(), dshift.data(), dout.data(), x.data(),
                                  gain.data(), mean.data(), inverse.data(), rows, columns);
  Digest forward, backward;
  forward.add(run.download(out));
  forward.add(run.download(mean));
  forward.add(run.download(inverse));
  backward.add(run.download(dx));
  backward.add(run.download(dgain));
  backward.add(run.download(dshift));
  run.record("layer_norm." + name, forward);
  run.record("layer_norm_backward." + name, backward);
}

void add_attention(Run& run, const std::string& name, const AttentionShape& shape, bool wild) {
  const std::size_t outputs = product(shape.batch * shape.length, shape.heads * shape.depth);
  const std::size_t places = product(shape.batch * shape.heads, shape.length * shape.length);
  Floats values = inputs(120, 3 * outputs, wild);
  for (float& value : values) value = 4.0f * value;
  const Buffer<float> qkv = run.upload(values), dout = run.upload(inputs(121, outputs, wild));
  Buffer<float> out = run.make<float>(outputs), weights = run.make<float>(places), scratch = run.make<float>(places);
  Buffer<float> dqkv = run.make<float>(3 * outputs);
  run.backend.attention(run.context, out.data(), weights.data(), qkv.data(), shape);
  run.backend.attention_backward(run.context, dqkv.data(), scratch.data(), dout.data(), qkv.data(), weights.data(),
                                 shape);
  Digest forward;
  forward.add(run.download(weights));
  forward.add(run.download(out));
  run.record("attention." + name, forward);
  run.record("attention_backward." + name, dqkv);
}

}  // namespace

void add_text(Run& run) {
  add_sum(run);
  add_embedding(run);
  add_layer_norm(run, "300x33", 300, 33, false);
  add_layer_norm(run, "5x1000", 5, 1000, false);
  add_layer_norm(run, "special", 70, 40, true);
  add_attention(run, "2x37x3x11", {2, 37, 3, 11}, false);
  add_attention(run, "1x300x1x8", {1, 300, 1, 8}, false);
  add_attention(run, "special", {2, 33, 1, 6}, true);
}

}  // namespace kernels::selftest

// sweep-trainer with one thing wrong, which the environment variable SABOTEUR names; without it an honest one. Callers:
// saboteurs_test.cpp. It shares no code with the hypotheses of kernels/hypotheses/, which must find it out.
#include <fcntl.h>
#include <immintrin.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <type_traits>
#include <vector>

#include "core/files.h"
#include "core/json.h"
#include "core/philox.h"
#include "kernels/batch_norm_formula.h"
#include "kernels/cpu_context.h"
#include "kernels/dropout_formula.h"
#include "kernels/optimizer_formula.h"
#include "trainer/data/normalise.h"

int honest_main(int argc, char** argv);

namespace kernels {
const Backend& honest_cpu_backend();
namespace cpu::saboteur {
// batch_norm_isa_cpu.cpp, compiled with contraction; the types are those of the table.
template <class Pointer>
using Pointed = std::remove_pointer_t<Pointer>;
Pointed<decltype(IsaTable::column_chunks)> column_chunks;
Pointed<decltype(IsaTable::square_chunks)> square_chunks;
Pointed<decltype(IsaTable::norm_gradient_chunks)> norm_gradient_chunks;
Pointed<decltype(IsaTable::fold_chunks)> fold_chunks;
Pointed<decltype(IsaTable::normalise_rows)> normalise_rows;
Pointed<decltype(IsaTable::norm_backward_rows)> norm_backward_rows;
}  // namespace cpu::saboteur
}  // namespace kernels

namespace trainer {
Normalisation honest_fit_normalisation(const Dataset& data, const PixelCounts& counts,
                                       const std::vector<std::uint32_t>& rows);
}

namespace {

using namespace kernels;

constexpr std::uint32_t kSwapStep = 5, kFlipStep = 6;
constexpr int kFlippedElement = 3;

std::string way() {
  const char* named = std::getenv("SABOTEUR");
  return named ? named : "";
}

float next_float(float x) { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) + 1); }

const Backend& honest() { return honest_cpu_backend(); }

// Two samples of one batch of the first epoch change places.
void swapped_batch(Context& c, std::uint32_t* out, std::uint32_t n, std::uint64_t seed, const StepState* state,
                   std::uint32_t count) {
  honest().shuffle_indices(c, out, n, seed, state, count);
  if (state->epoch == 0 && state->first == (kSwapStep - 1) * count) std::swap(out[1], out[6]);
}

void flipped_weight(Context& c, const OptimizerSettings& settings, const StepState* state, float* w, float* m, float* v,
                    const float* gradient, int count, std::uint32_t tensor, std::uint64_t* print) {
  honest().optimizer_update(c, settings, state, w, m, v, gradient, count, tensor, print);
  if (state->step != kFlipStep || tensor != 0) return;
  w[kFlippedElement] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(w[kFlippedElement]) ^ 1u);
  if (print) honest().fingerprint(c, w, count, tensor, print);
}

void rate_an_ulp_up(Context& c, const OptimizerSettings& settings, const StepState* state, float* w, float* m, float* v,
                    const float* gradient, int count, std::uint32_t tensor, std::uint64_t* print) {
  StepState other = *state;
  other.learning_rate = next_float(other.learning_rate);
  honest().optimizer_update(c, settings, &other, w, m, v, gradient, count, tensor, print);
}

void reversed_column_sum(Context&, float* out, const float* x, int rows, int columns) {
  for (int j = 0; j < columns; ++j) {
    float sum = 0.0f;
    for (int i = rows; i-- > 0;) sum += x[i * columns + j];
    out[j] = sum;
  }
}

void mask_of_noise(Context&, float* out, const float* in, int count, float rate, std::uint64_t seed,
                   std::uint32_t tensor, const StepState* state) {
  const DropoutRule rule = dropout_rule(rate);
  for (int i = 0; i < count; ++i) {
    const auto quad = static_cast<std::uint32_t>(i / 4);
    const core::Philox4 words = core::random_bits(seed, core::Purpose::kNoise, tensor, state->step, quad);
    out[i] = drop(rule, words.word[i % 4], in[i]);
  }
}

// From the second batch on the statistics are those of the batch before. relu alone.
void stale_batch_norm(Context& c, Activation activation, float* out, float* mean, float* inverse_deviation,
                      float* running_mean, float* running_variance, const float* x, const float* gamma,
                      const float* beta, int rows, int columns, float epsilon, float momentum) {
  static std::vector<std::pair<const float*, std::vector<float>>> kept;
  const auto width = static_cast<std::size_t>(columns);
  honest().batch_norm(c, activation, out, mean, inverse_deviation, running_mean, running_variance, x, gamma, beta, rows,
                      columns, epsilon, momentum);
  for (float* statistic : {mean, inverse_deviation}) {
    std::vector<float> fresh(statistic, statistic + width);
    std::vector<float>* old = nullptr;
    for (auto& [place, values] : kept)
      if (place == statistic) old = &values;
    if (!old) {
      kept.emplace_back(statistic, std::move(fresh));
      continue;
    }
    std::copy(old->begin(), old->end(), statistic);
    *old = std::move(fresh);
  }
  for (int at = 0; at < rows * columns; ++at) {
    const int j = at % columns;
    const float value = normalise(x[at], mean[j], gamma[j] * inverse_deviation[j], beta[j]);
    out[at] = value <= 0.0f ? 0.0f : value;
  }
}

void loss_an_ulp_up(Context& c, float* loss, std::int32_t* correct, float* dlogits, const float* logits,
                    const std::int32_t* labels, int rows, int classes, float smoothing) {
  honest().softmax_cross_entropy(c, loss, correct, dlogits, logits, labels, rows, classes, smoothing);
  if (dlogits) loss[2] = next_float(loss[2]);
}

// One byte of one sample, as it lies on the device once the statistics were taken: it becomes what its neighbour in the
// image is. 60 samples of 36 pixels.
void changed_byte(Context& c, void* to, const void* from, std::size_t bytes) {
  honest().copy_to_device(c, to, from, bytes);
  if (bytes != 60 * 36) return;
  auto* const pixels = static_cast<std::uint8_t*>(to) + 21 * 36;
  int feature = 0;
  while (pixels[feature] == pixels[feature + 1]) ++feature;
  pixels[feature] = pixels[feature + 1];
}

// Ops on a context of our own, whose table has some functions that are not honest.
Context& crooked(Context& given) {
  static cpu::IsaTable table = [] {
    cpu::IsaTable made = cpu::kPlainTable;
    made.column_chunks = cpu::saboteur::column_chunks;
    made.square_chunks = cpu::saboteur::square_chunks;
    made.norm_gradient_chunks = cpu::saboteur::norm_gradient_chunks;
    made.fold_chunks = cpu::saboteur::fold_chunks;
    made.normalise_rows = cpu::saboteur::normalise_rows;
    made.norm_backward_rows = cpu::saboteur::norm_backward_rows;
    return made;
  }();
  static cpu::CpuContext context(1, CpuIsa::kPlain, table);
  (void)given;
  return context;
}

void contracted_batch_norm(Context& c, Activation activation, float* out, float* mean, float* inverse_deviation,
                           float* running_mean, float* running_variance, const float* x, const float* gamma,
                           const float* beta, int rows, int columns, float epsilon, float momentum) {
  honest().batch_norm(crooked(c), activation, out, mean, inverse_deviation, running_mean, running_variance, x, gamma,
                      beta, rows, columns, epsilon, momentum);
}

void contracted_batch_norm_backward(Context& c, Activation activation, float* dx, float* dgamma, float* dbeta,
                                    const float* dout, const float* out, const float* x, const float* gamma,
                                    const float* beta, const float* mean, const float* inverse_deviation, int rows,
                                    int columns) {
  honest().batch_norm_backward(crooked(c), activation, dx, dgamma, dbeta, dout, out, x, gamma, beta, mean,
                               inverse_deviation, rows, columns);
}

// sgd alone.
void flushed_update(Context& c, const OptimizerSettings& settings, const StepState* state, float* w, float* m, float*,
                    const float* gradient, int count, std::uint32_t tensor, std::uint64_t* print) {
  const unsigned found = _mm_getcsr();
  _mm_setcsr(found | 0x8040);  // FTZ and DAZ
  for (int i = 0; i < count; ++i) {
    const OptimizedWeight now = optimizer_step<Optimizer::kSgd>(settings, *state, {w[i], m[i], 0.0f}, gradient[i]);
    w[i] = now.w;
    m[i] = now.m;
  }
  _mm_setcsr(found);
  if (print) honest().fingerprint(c, w, count, tensor, print);
}

Backend crooked_table() {
  Backend table = honest();
  const std::string named = way();
  if (named == "swap") table.shuffle_indices = swapped_batch;
  if (named == "flip") table.optimizer_update = flipped_weight;
  if (named == "sum") table.column_sum = reversed_column_sum;
  if (named == "contraction") table.batch_norm = contracted_batch_norm;
  if (named == "contraction") table.batch_norm_backward = contracted_batch_norm_backward;
  if (named == "flush") table.optimizer_update = flushed_update;
  if (named == "rate") table.optimizer_update = rate_an_ulp_up;
  if (named == "byte") table.copy_to_device = changed_byte;
  if (named == "dropout") table.dropout = mask_of_noise;
  if (named == "statistics") table.batch_norm = stale_batch_norm;
  if (named == "loss") table.softmax_cross_entropy = loss_an_ulp_up;
  if (table.batch_norm != honest().batch_norm) {  // else its pass with the pooling would take its place
    table.batch_norm_max_pool = nullptr;
    table.batch_norm_max_pool_evaluate = nullptr;
    table.batch_norm_max_pool_backward = nullptr;
  }
  return table;
}

// Where the document is what is wrong: another one in its place.
std::string changed_document(const std::string& file) {
  core::Json document = core::parse_json(core::read_file(file, 1u << 20), file);
  if (way() == "seed") document["seed"] = document["seed"].get<std::uint64_t>() + 1;
  if (way() == "epochs") document["config"]["epochs"] = document["config"]["epochs"].get<int>() + 1;
  const std::string path = "/proc/self/fd/" + std::to_string(::memfd_create("document", 0));
  std::ofstream(path) << core::canonical_json(document);
  return path;
}

}  // namespace

namespace kernels {

const Backend& cpu_backend() {
  static const Backend table = crooked_table();
  return table;
}

}  // namespace kernels

namespace trainer {

Normalisation fit_normalisation(const Dataset& data, const PixelCounts& counts,
                                const std::vector<std::uint32_t>& rows) {
  Normalisation made = honest_fit_normalisation(data, counts, rows);
  if (way() == "normalisation")
    for (double& deviation : made.deviation) deviation = static_cast<double>(next_float(static_cast<float>(deviation)));
  return made;
}

}  // namespace trainer

int main(int argc, char** argv) {
  ::setenv("SWEEP_STEP_GRAPH", "off", 1);  // what is wrong is wrong in each step, and not written down once
  const bool of_document = way() == "seed" || way() == "epochs";
  if (const char* document = std::getenv("SWEEP_TRIAL"); document && of_document)
    ::setenv("SWEEP_TRIAL", changed_document(document).c_str(), 1);
  std::string file;
  if (argc > 3 && of_document && std::string(argv[1]) == "trace") {
    file = changed_document(argv[2]);
    argv[2] = file.data();
  }
  return honest_main(argc, argv);
}

// The ops and their contracts: shapes, formulas, order of every sum. Declarations only: each back end defines functions
// of these types (gemm_cpu.cpp, gemm_cuda.cu, …) and lists them in its table (backends.h).
//
// Orders of sums (docs/reproducibility.md):
//   dot rule     k ascends; chunks of 256 accumulate with fma from +0; 16 chunk sums are added in order, from +0, into
//                a group; group sums are added in order, from +0 (also when there is only one).
//   column rule  the same chunks and groups over the rows, with + instead of fma.
//   row rule     32 lanes; lane l adds elements l, l+32, … in order from +0; then the lanes fold 16, 8, 4, 2, 1.
// Every NaN that an op stores may have any payload; hashing makes it canonical (0x7fc00000).
#pragma once

#include <cstdint>

namespace kernels {

class Context;

inline constexpr int kChunk = 256;  ///< terms of one chunk of the dot and column rules
inline constexpr int kGroup = 16;   ///< chunks of one group
inline constexpr int kLanes = 32;   ///< lanes of the row rule

enum class Activation { kNone, kRelu, kTanh, kGelu, kSigmoid };
enum class Transpose { kNN, kNT, kTN };  ///< of A and B: N as stored, T transposed
enum class Initialisation { kZero, kHe, kXavier };
enum class Optimizer { kSgd, kAdam, kAdamW, kRmsprop, kLion };
/// Whether the optimizer keeps a second number of each weight, the running square.
constexpr bool has_second_moment(Optimizer kind) { return kind != Optimizer::kSgd && kind != Optimizer::kLion; }

enum class Regression { kSquared, kAbsolute };

/// What one sample of a batch of images is: channels lie side by side. A row without a shape is 1 × features × 1.
struct ImageShape {
  int height = 1, width = 1, channels = 1;
};

/// How training changes each sample before it sees it. Source of the cutout: DeVries, Taylor, "Improved regularization
/// of convolutional neural networks with cutout" (2017).
struct Augmentation {
  bool flip = false;  ///< left to right, every second time
  int shift = 0;      ///< at most so many pixels each way; ≤ 2^20
  int cutout = 0;     ///< side of a square that is erased; ≤ 2^20
  float noise = 0;    ///< deviation of what is added to every number

  bool any() const { return flip || shift > 0 || cutout > 0 || noise > 0; }
};

/// What changes from step to step; lives in device memory, written once a step. Rounded once from double. Only
/// clip_gradients writes to it on the device.
struct StepState {
  std::uint32_t step;   ///< 1, 2, 3, … over the whole training
  std::uint32_t epoch;  ///< 0, 1, 2, …
  float learning_rate;
  float bias_correction1;       ///< 1 / (1 − beta1^step)
  float bias_correction2_sqrt;  ///< 1 / sqrt(1 − beta2^step)
  float gradient_scale = 1.0f;  ///< what every gradient is multiplied by before the optimizer sees it
};

/// Constants of the optimizer of one trial.
struct OptimizerSettings {
  Optimizer kind = Optimizer::kAdam;
  float momentum = 0.9f;
  float beta1 = 0.9f;
  float beta2 = 0.999f;
  float epsilon = 1e-8f;
  float weight_decay = 0.0f;  ///< sgd, adam, rmsprop: added to the gradient (L2); adamw, lion: decoupled
  bool nesterov = false;      ///< sgd: looks ahead along the velocity
};

namespace ops {

/// C = op(A)·op(B) by the dot rule. Shapes: op(A) m×k, op(B) k×n, C m×n; kNT: B is stored n×k; kTN: A is stored k×m.
/// k = 0 gives +0. C overlaps neither A nor B.
void gemm(Context&, Transpose, int m, int n, int k, const float* a, const float* b, float* c);

/// out[i] = the sample at position first + i of epoch `epoch`'s order of n samples, for i < count: a seeded permutation
/// (core/permutation.h, purpose kShuffle). Requires: first + count ≤ n.
void shuffle_indices(Context&, std::uint32_t* out, std::uint32_t n, std::uint64_t seed, std::uint32_t epoch,
                     std::uint32_t first, std::uint32_t count);

/// out[i, :] = source[indices[i], :]. Shapes: source rows×columns, out count×columns.
void gather_rows(Context&, float* out, const float* source, const std::uint32_t* indices, int count, int columns);
/// gather_rows of images, each one augmented: flipped, shifted (what comes in from outside is fill[channel]), a square
/// set to +0, then noise; formulas in augment_formula.h. What becomes of a sample is a function of the seed, its index
/// and state->epoch alone. Shapes: rows height × width × channels; fill channels.
void augment_rows(Context&, float* out, const float* source, const std::uint32_t* indices, int count, const ImageShape&,
                  const Augmentation&, const float* fill, std::uint64_t seed, const StepState* state);
void gather_labels(Context&, std::int32_t* out, const std::int32_t* source, const std::uint32_t* indices, int count);

/// z = x + bias (per column), out = activation(z). Shapes: x, z, out rows×columns, bias columns. z may be x; out may be
/// z only where the activation's backward needs no z (all but kGelu). z may be null where it is not wanted.
void bias_activation(Context&, Activation, float* out, float* z, const float* x, const float* bias, int rows,
                     int columns);

/// dz = dout · activation'(z). relu, tanh and sigmoid take the derivative from `out`, gelu from `z` (null for the
/// others). dz may be dout.
void activation_backward(Context&, Activation, float* dz, const float* dout, const float* out, const float* z,
                         int count);

/// out[i] = keep(i) ? in[i] · (1 / (1 − rate)) : +0, where keep compares the upper 24 random bits of element i (purpose
/// kDropout, `tensor`, state->step) with rate · 2^24 as an integer. The same call on the gradient is its backward.
/// out may be in. rate in [0, 1).
void dropout(Context&, float* out, const float* in, int count, float rate, std::uint64_t seed, std::uint32_t tensor,
             const StepState* state);

/// out[j] = sum over i of x[i, j] by the column rule. Shapes: x rows×columns.
void column_sum(Context&, float* out, const float* x, int rows, int columns);

/// Per row: m = max, s = row-rule sum of exp(z − m), loss[i] = (m − z[label]) + log(s), dlogits = (softmax − one_hot) ·
/// (1 / rows). correct[i] = 1 where the label's class has the largest logit, ties to the lower class; 0 for a row with
/// a NaN. With smoothing s > 0 (Szegedy et al. 2016) one_hot becomes (1 − s)·one_hot + s / classes and the loss
/// log(s) + ((1 − s)·(m − z[label]) + (s / classes) · row-rule sum of (m − z)). dlogits may be null (evaluation).
/// Shapes: logits, dlogits rows×classes; labels, loss, correct rows. Requires: 0 ≤ label < classes ≤ 65536; 0 ≤ s < 1.
void softmax_cross_entropy(Context&, float* loss, std::int32_t* correct, float* dlogits, const float* logits,
                           const std::int32_t* labels, int rows, int classes, float smoothing);

/// rank[i] = how many classes go before the label's: those with a larger logit, and with an equal one the lower ones.
/// predicted[i] = the class that goes before all others. A row with a NaN: rank = classes, predicted = −1. Shapes and
/// requirements: as softmax_cross_entropy.
void rank_labels(Context&, std::int32_t* rank, std::int32_t* predicted, const float* logits, const std::int32_t* labels,
                 int rows, int classes);

/// With d = out[i] − target[i]: loss[i] = d² or |d|, dout[i] = (2·d) · (1 / rows) or sign(d) · (1 / rows); sign(±0) =
/// ±0. dout may be null (evaluation). Shapes: all rows.
void regression_loss(Context&, Regression, float* loss, float* dout, const float* out, const float* target, int rows);

/// Fills w. kHe: normal with variance 2/fan_in; kXavier: uniform in ±sqrt(6/(fan_in + fan_out)); both times `scale`.
/// Purpose kInitialWeights, `tensor`, step 0. Normals: Box–Muller over pairs of words.
void initialise(Context&, Initialisation, float* w, int count, int fan_in, int fan_out, float scale, std::uint64_t seed,
                std::uint32_t tensor);

/// *out = Σ x[i]² by the dot rule, x with itself.
void sum_of_squares(Context&, float* out, const float* x, int count);

/// state->gradient_scale = limit / n where n > limit, else 1; n = sqrt(squares[0] + squares[1] + …), added in order
/// from +0: the norm of all gradients together, from sum_of_squares of each. A norm that is a NaN gives 1.
void clip_gradients(Context&, StepState* state, const float* squares, int tensors, float limit);

/// One step of the optimizer on one tensor, and the fingerprint of the new weights (fingerprint.h) in the same pass;
/// g is the gradient times state->gradient_scale. The formula of each optimizer and its source are in
/// optimizer_formula.h. m and v hold count floats each (sgd, lion: m alone, v null). *fingerprint is overwritten; null
/// where it is not wanted.
void optimizer_update(Context&, const OptimizerSettings&, const StepState*, float* w, float* m, float* v,
                      const float* gradient, int count, std::uint32_t tensor, std::uint64_t* fingerprint);

/// The fingerprint of a tensor's bits (formula in fingerprint_formula.h). *out is overwritten.
void fingerprint(Context&, const float* x, int count, std::uint32_t tensor, std::uint64_t* out);
/// The fingerprint of a batch's sample indices, order included.
void batch_fingerprint(Context&, const std::uint32_t* indices, int count, std::uint64_t* out);

}  // namespace ops
}  // namespace kernels

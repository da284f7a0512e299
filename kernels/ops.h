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
inline constexpr int kBytes = 256;  ///< values of a byte

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

/// What changes from step to step, and nothing else does: the ops read it from device memory, so that the calls of one
/// step are those of another. Rounded once from double. On the device next_step and clip_gradients write to it.
struct StepState {
  std::uint32_t step;   ///< 1, 2, 3, … over the whole training
  std::uint32_t epoch;  ///< 0, 1, 2, …
  float learning_rate;
  float bias_correction1;       ///< 1 / (1 − beta1^step)
  float bias_correction2_sqrt;  ///< 1 / sqrt(1 − beta2^step)
  float gradient_scale = 1.0f;  ///< what every gradient is multiplied by before the optimizer sees it
  std::uint32_t first = 0;      ///< where the batch begins in the epoch's order of samples
  std::uint32_t begun = 0;      ///< steps of the plan that have begun, this one included: see next_step
  float momentum = -1.0f;       ///< in place of the settings' (adam, adamw, lion: of beta1); below 0: that stays
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

/// A tensor as optimizer_update takes it. m null: it is not trained, and only its fingerprint is taken.
struct OptimizedTensor {
  float* w;
  float* m;
  float* v;
  const float* gradient;
  int count;
  std::uint32_t tensor;
};

/// One convolution, shared by the op and its two gradients. Tensors are NHWC: x batch×height×width×channels, w
/// filters×kernel_height×kernel_width×channels, y batch×out_height×out_width×filters. The window of output (oh, ow)
/// begins at row oh·stride − pad_top and column ow·stride − pad_left; what it covers outside of x is zeros, at the top
/// and the left, and at the bottom and the right as far as the outputs reach.
/// Requires: batch, pads ≥ 0, all else ≥ 1; every tensor and filters·kernel_height·kernel_width·channels below 2^31.
struct Conv2dShape {
  int batch, height, width, channels;
  int filters, kernel_height, kernel_width;
  int stride;
  int pad_top, pad_left;
  int out_height, out_width;
};

/// Pooling of NHWC images, x batch×height×width×channels to y batch×out_height×out_width×channels. Windows lie inside
/// of the image; global pooling is the window of the image's size. Rows and columns that no window covers are ignored.
/// Requires: all ≥ 1 (batch ≥ 0); (out − 1)·stride + window ≤ size, down and across.
struct Pool2dShape {
  int batch, height, width, channels;
  int window_height, window_width;
  int stride;
  int out_height, out_width;
};

/// Texts in attention: see ops::attention. Requires: all ≥ 1; every tensor below 2^31 elements.
struct AttentionShape {
  int batch, length, heads, depth;
};

namespace ops {

/// C = op(A)·op(B) by the dot rule. Shapes: op(A) m×k, op(B) k×n, C m×n; kNT: B is stored n×k; kTN: A is stored k×m.
/// k = 0 gives +0. C overlaps neither A nor B.
void gemm(Context&, Transpose, int m, int n, int k, const float* a, const float* b, float* c);

/// A layer in one call, where a back end has one: out = activation(in · weightᵀ + bias), as gemm (kNT) and
/// bias_activation give it in two. True: done. False: nothing was done, and the caller makes the two calls; the answer
/// is the same whenever the arguments are. Shapes: in rows×inputs, weight outputs×inputs, bias outputs, out
/// rows×outputs. out overlaps nothing else.
bool fused_dense(Context&, Activation, float* out, const float* in, const float* weight, const float* bias, int rows,
                 int outputs, int inputs);

/// The same of a convolution: y = activation(conv2d(x, w) + bias). Shapes: as conv2d's; bias filters.
bool fused_conv2d(Context&, Activation, const Conv2dShape& shape, float* y, const float* x, const float* w,
                  const float* bias);

/// fused_dense for its gradients: dz and dbias as activation_backward (kNone: dz is null, and dout stands for it),
/// dweight = dzᵀ · in as gemm (kTN). Shapes: dz, dout, out, z rows×outputs; all others as above.
bool fused_dense_backward(Context&, Activation, float* dz, float* dbias, float* dweight, const float* dout,
                          const float* out, const float* z, const float* in, int rows, int outputs, int inputs);

/// *now = plan[now->begun]: the state of the step that begins. A plan is what the host knows of the steps to come;
/// plan[i].begun is i + 1. The host sets now->begun to 0 where a plan begins.
void next_step(Context&, StepState* now, const StepState* plan);

/// table[state->begun − 1, :] = row: what the step leaves to be read later. Shapes: row words, table steps×words.
void store_row(Context&, std::uint32_t* table, const std::uint32_t* row, int words, const StepState* state);

/// out[i] = the sample at position state->first + i of epoch state->epoch's order of n samples, for i < count: a seeded
/// permutation (core/permutation.h, purpose kShuffle). Requires: state->first + count ≤ n.
void shuffle_indices(Context&, std::uint32_t* out, std::uint32_t n, std::uint64_t seed, const StepState* state,
                     std::uint32_t count);

/// out[i, :] = source[indices[i], :]. Shapes: source rows×columns, out count×columns. A label a sample is one column.
void gather_rows(Context&, float* out, const float* source, const std::uint32_t* indices, int count, int columns);
/// Rows of bytes as the numbers that they stand for: out[i, j] = values[j mod channels, source[row, j]], where row is
/// rows[indices[i]], or rows[i] where indices is null. Shapes: source any×columns, values channels×256, out
/// count×columns. Requires: columns is a multiple of channels.
void gather_pixels(Context&, float* out, const std::uint8_t* source, const std::uint32_t* rows,
                   const std::uint32_t* indices, int count, int columns, const float* values, int channels);
/// out[i, :] = x[i, :] augmented, an image and sample indices[i] of the data: flipped, shifted (what comes in from
/// outside is fill[channel]), a square set to +0, then noise; formulas in augment_formula.h. What becomes of a sample
/// is a function of the seed, its index and state->epoch alone. Shapes: x, out count×(height × width × channels); fill
/// channels. out is not x.
void augment_rows(Context&, float* out, const float* x, const std::uint32_t* indices, int count, const ImageShape&,
                  const Augmentation&, const float* fill, std::uint64_t seed, const StepState* state);
void gather_labels(Context&, std::int32_t* out, const std::int32_t* source, const std::uint32_t* indices, int count,
                   int columns);

/// z = x + bias (per column), out = activation(z). Shapes: x, z, out rows×columns, bias columns. z may be x; out may be
/// z only where the activation's backward needs no z (all but kGelu). z may be null where it is not wanted.
void bias_activation(Context&, Activation, float* out, float* z, const float* x, const float* bias, int rows,
                     int columns);

/// Gradients of bias_activation: dz = dout · activation'(z), and dbias = the column_sum of dz; null where it is not
/// wanted. relu, tanh and sigmoid take the derivative from `out`, gelu from `z` (null for the others). dz may be dout.
void activation_backward(Context&, Activation, float* dz, float* dbias, const float* dout, const float* out,
                         const float* z, int rows, int columns);

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

/// y[n, oh, ow, o] = Σ x[n, oh·stride − pad_top + kh, ow·stride − pad_left + kw, c] · w[o, kh, kw, c] by the dot rule,
/// k over (kh, kw, c). A place outside of x is a term like the others: fma(0, w, sum). No bias: bias_activation adds
/// it, rows = batch·out_height·out_width. No output overlaps an input; the same for the gradients.
void conv2d(Context&, const Conv2dShape& shape, float* y, const float* x, const float* w);

/// dx[n, h, w, c] = Σ dy[n, (h + pad_top − kh) / stride, (w + pad_left − kw) / stride, o] · w[o, kh, kw, c] by the dot
/// rule, k over (kh, kw, o), of these only the kh and kw for which the divisions leave no rest: the holes of a stride
/// are not part of k. A place outside of dy is a term with a zero. An element without a term is +0.
void conv2d_data(Context&, const Conv2dShape& shape, float* dx, const float* dy, const float* w);

/// dw[o, kh, kw, c] = Σ dy[n, oh, ow, o] · x[n, oh·stride − pad_top + kh, ow·stride − pad_left + kw, c] by the dot
/// rule, k over (n, oh, ow). A place outside of x is a term with a zero.
void conv2d_filter(Context&, const Conv2dShape& shape, float* dw, const float* dy, const float* x);

/// y = the largest element of each window, winner = its place h·width + w in the image: the first of equals, row by
/// row; the first NaN where there is one. winner may be null (evaluation). Shapes: winner as y.
void max_pool2d(Context&, const Pool2dShape& shape, float* y, std::int32_t* winner, const float* x);

/// dx[place] = Σ over the windows that cover the place, (oh, ow) ascending, of dy where it won and +0 where not, by the
/// column rule.
void max_pool2d_backward(Context&, const Pool2dShape& shape, float* dx, const float* dy, const std::int32_t* winner);

/// y = the sum of each window by the column rule, row by row, divided by the window's size.
void average_pool2d(Context&, const Pool2dShape& shape, float* y, const float* x);

/// dx[place] = the sum of dy over the windows that cover the place, (oh, ow) ascending, by the column rule, divided by
/// the window's size.
void average_pool2d_backward(Context&, const Pool2dShape& shape, float* dx, const float* dy);

/// Batch normalisation in training (Ioffe & Szegedy 2015), per column: mean and variance of the batch by the column
/// rule in two passes, z = (x − mean)·scale + beta, out = activation(z); formulas in batch_norm_formula.h.
/// `mean` and `inverse_deviation` (1 / sqrt(variance + epsilon)) are kept for the backward. The running statistics move
/// by `momentum` of the difference, the variance with rows − 1 in place of rows. out is not x.
/// Shapes: x, out rows×columns, all else columns. Requires: 1 ≤ rows ≤ 2^24.
void batch_norm(Context&, Activation, float* out, float* mean, float* inverse_deviation, float* running_mean,
                float* running_variance, const float* x, const float* gamma, const float* beta, int rows, int columns,
                float epsilon, float momentum);

/// The same formula with the running statistics, which it leaves as they are. out may be x.
void batch_norm_evaluate(Context&, Activation, float* out, const float* x, const float* gamma, const float* beta,
                         const float* running_mean, const float* running_variance, int rows, int columns,
                         float epsilon);

/// Gradients of batch_norm by x, gamma and beta, from dout, the one by what batch_norm gave. relu and gelu compute z
/// anew from x, tanh and sigmoid take the derivative from `out` (null for the others). dx may be dout.
void batch_norm_backward(Context&, Activation, float* dx, float* dgamma, float* dbeta, const float* dout,
                         const float* out, const float* x, const float* gamma, const float* beta, const float* mean,
                         const float* inverse_deviation, int rows, int columns);

/// batch_norm and max_pool2d of its result, which is not kept. Shapes: x, dx as the pool's input, rows = batch × height
/// × width; y, dy, winner as its output. Requires: the activation is kNone, kRelu or kGelu; stride ≥ both sides of the
/// window. dx may be x. The first two of these are the forward pass in training and in evaluation.
void batch_norm_max_pool(Context&, Activation, const Pool2dShape&, float* y, std::int32_t* winner, float* mean,
                         float* inverse_deviation, float* running_mean, float* running_variance, const float* x,
                         const float* gamma, const float* beta, float epsilon, float momentum);
void batch_norm_max_pool_evaluate(Context&, Activation, const Pool2dShape&, float* y, const float* x,
                                  const float* gamma, const float* beta, const float* running_mean,
                                  const float* running_variance, float epsilon);
void batch_norm_max_pool_backward(Context&, Activation, const Pool2dShape&, float* dx, float* dgamma, float* dbeta,
                                  const float* dy, const std::int32_t* winner, const float* x, const float* gamma,
                                  const float* beta, const float* mean, const float* inverse_deviation);

/// out[i] = a[i] + b[i]. out may be a or b.
void add(Context&, float* out, const float* a, const float* b, int count);

/// out[i, :] = table[tokens[i], :] + places[i mod context, :]: what each token of rows / context texts is, and where it
/// stands. Shapes: tokens rows; table vocabulary×columns; places context×columns; out rows×columns.
/// Requires: 0 ≤ token < vocabulary.
void embed(Context&, float* out, const std::int32_t* tokens, const float* table, const float* places, int rows,
           int context, int columns);

/// dtable[v, :] = Σ dout[i, :] over the rows i whose token is v, i ascending, from +0, without chunks. (The gradient of
/// `places` is the column_sum of dout taken as rows / context rows of context·columns.)
void embed_backward(Context&, float* dtable, const std::int32_t* tokens, const float* dout, int rows, int vocabulary,
                    int columns);

/// Layer normalisation (Ba, Kiros & Hinton 2016), per row: mean and variance by the row rule in two passes, out =
/// (x − mean)·inverse_deviation·gain + shift, inverse_deviation = 1 / sqrt(variance + epsilon), which is kept with the
/// mean for the backward. Formulas in layer_norm_formula.h. Shapes: x, out rows×columns; gain, shift columns; mean,
/// inverse_deviation rows. out may be x.
void layer_norm(Context&, float* out, float* mean, float* inverse_deviation, const float* x, const float* gain,
                const float* shift, int rows, int columns, float epsilon);

/// Gradients of layer_norm: dx by the row rule, dgain and dshift by the column rule. dx overlaps neither x nor dout.
void layer_norm_backward(Context&, float* dx, float* dgain, float* dshift, const float* dout, const float* x,
                         const float* gain, const float* mean, const float* inverse_deviation, int rows, int columns);

/// Causal attention (Vaswani et al. 2017) of `heads` heads over `batch` texts of `length` places. Shapes: qkv
/// batch×length×3×heads×depth (of each place all queries, keys, values); out batch×length×heads×depth; weights
/// batch×heads×length×length.
/// weights[t, s] = softmax over s ≤ t of (q[t]·k[s])·(1 / sqrt(depth)), by the dot rule and the row rule; +0 beyond t.
/// out[t] = Σ weights[t, s]·v[s] by the dot rule over all s: a masked place is a term with a zero.
void attention(Context&, float* out, float* weights, const float* qkv, const AttentionShape& shape);

/// The gradient of attention by qkv, from what it left in `weights`. `scratch` has the shape of weights; what it holds
/// afterwards is undefined.
void attention_backward(Context&, float* dqkv, float* scratch, const float* dout, const float* qkv,
                        const float* weights, const AttentionShape& shape);

/// Fills w. kHe: normal with variance 2/fan_in; kXavier: uniform in ±sqrt(6/(fan_in + fan_out)); both times `scale`.
/// Purpose kInitialWeights, `tensor`, step 0. Normals: Box–Muller over pairs of words.
void initialise(Context&, Initialisation, float* w, int count, int fan_in, int fan_out, float scale, std::uint64_t seed,
                std::uint32_t tensor);

/// *out = Σ x[i]² by the dot rule, x with itself.
void sum_of_squares(Context&, float* out, const float* x, int count);

/// sum_of_squares of the gradient of each tensor that is trained, squares[0] the first one's, in few launches; the same
/// bits. tensors (host): read before it returns.
void sum_of_squares_all(Context&, float* squares, const OptimizedTensor* tensors, int count);

/// state->gradient_scale = limit / n where n > limit, else 1; n = sqrt(squares[0] + squares[1] + …), added in order
/// from +0: the norm of all gradients together, from sum_of_squares of each. A norm that is a NaN gives 1.
void clip_gradients(Context&, StepState* state, const float* squares, int tensors, float limit);

/// One step of the optimizer on one tensor, and the fingerprint of the new weights (fingerprint.h) in the same pass;
/// g is the gradient times state->gradient_scale. The formula of each optimizer and its source are in
/// optimizer_formula.h. m and v hold count floats each (sgd, lion: m alone, v null). *fingerprint is overwritten; null
/// where it is not wanted.
void optimizer_update(Context&, const OptimizerSettings&, const StepState*, float* w, float* m, float* v,
                      const float* gradient, int count, std::uint32_t tensor, std::uint64_t* fingerprint);

/// optimizer_update of every tensor of a network, and the fingerprints of those that are not trained, in few launches;
/// the same bits. tensors (host): `count` of them, no two of which overlap; read before it returns. fingerprints: one a
/// tensor, in their order, or null. A step's launches cost a GPU more than the arithmetic of its small tensors.
void optimizer_update_all(Context&, const OptimizerSettings&, const StepState*, const OptimizedTensor* tensors,
                          int count, std::uint64_t* fingerprints);

/// The fingerprint of a tensor's bits (formula in fingerprint_formula.h). *out is overwritten.
void fingerprint(Context&, const float* x, int count, std::uint32_t tensor, std::uint64_t* out);
/// The fingerprint of a batch's sample indices, order included.
void batch_fingerprint(Context&, const std::uint32_t* indices, int count, std::uint64_t* out);

}  // namespace ops
}  // namespace kernels

// The ops of texts with their sums in the order of the choices: attention and the gradient of an embedding; see
// sum_orders.cpp. Each of attention's products and its softmax may be asked for apart.
#include <cstddef>
#include <vector>

#include "kernels/attention_formula.h"
#include "kernels/cpu_threads.h"
#include "kernels/hypotheses/choices.h"
#include "kernels/hypotheses/sum.h"

namespace kernels::hypotheses {
namespace {

using Place = std::ptrdiff_t;

// Orders of an op's two kinds of sums; each is the rule's own where it was not asked for.
struct Orders {
  SumOrder products, softmax;

  Orders(Context& context, Summing of_products, Summing of_softmax) {
    const OtherBackend::Choices& choices = choices_of(context);
    products = choices.summed.contains(of_products) ? choices.order : SumOrder::kRule;
    softmax = choices.summed.contains(of_softmax) ? choices.order : SumOrder::kLanes32;
  }
};

// A row a place of the text, behind each other or with a gap.
struct Rows {
  float* data;
  Place stride;

  float& at(int row, int column) const { return data[row * stride + column]; }
};

// One head of one text.
struct Head {
  Rows query, key, value;  // in an array like qkv
  Rows out;                // in an array like out
  Rows weights;            // in an array like weights

  Head(const AttentionShape& s, int item, float* qkv, float* all_out, float* all_weights) {
    const Place text = item / s.heads, head = item % s.heads, columns = Place{s.heads} * s.depth;
    float* const first = qkv + text * s.length * 3 * columns + head * s.depth;
    query = {first, 3 * columns};
    key = {first + columns, 3 * columns};
    value = {first + 2 * columns, 3 * columns};
    out = {all_out + text * s.length * columns + head * s.depth, columns};
    weights = {all_weights + Place{item} * s.length * s.length, s.length};
  }
};

// What is only read has no type of its own here.
float* unchanged(const float* data) { return const_cast<float*>(data); }

void softmax_row(SumOrder order, const Rows& row, int t, int length, float scale) {
  float maximum = row.at(t, 0) * scale;
  for (int s = 1; s <= t; ++s) maximum = larger(maximum, row.at(t, s) * scale);
  const float sum = sum_of(order, t + 1, [&](int s) { return softmax_term(row.at(t, s) * scale, maximum); });
  for (int s = 0; s <= t; ++s) row.at(t, s) = softmax_term(row.at(t, s) * scale, maximum) / sum;
  for (int s = t + 1; s < length; ++s) row.at(t, s) = 0.0f;
}

void attention(Context& context, float* out, float* weights, const float* qkv, const AttentionShape& shape) {
  const cpu::PortableFloatState float_state;
  const Orders orders(context, Summing::kAttention, Summing::kAttentionSoftmax);
  const int length = shape.length, depth = shape.depth;
  const float scale = attention_scale(depth);
  for (int item = 0; item < shape.batch * shape.heads; ++item) {
    const Head head(shape, item, unchanged(qkv), out, weights);
    for (int t = 0; t < length; ++t) {
      for (int s = 0; s < length; ++s)
        head.weights.at(t, s) = dot_of(
            orders.products, depth, [&](int d) { return head.query.at(t, d); },
            [&](int d) { return head.key.at(s, d); });
      softmax_row(orders.softmax, head.weights, t, length, scale);
      for (int d = 0; d < depth; ++d)
        head.out.at(t, d) = dot_of(
            orders.products, length, [&](int s) { return head.weights.at(t, s); },
            [&](int s) { return head.value.at(s, d); });
    }
  }
}

// Row t of the gradients of the weights, in place, to those of the scores.
void softmax_backward_row(SumOrder order, const Rows& row, const Rows& weights, int t, int length, float scale) {
  const float sum = sum_of(order, t + 1, [&](int s) { return weights.at(t, s) * row.at(t, s); });
  for (int s = 0; s <= t; ++s) row.at(t, s) = score_gradient(weights.at(t, s), row.at(t, s), sum, scale);
  for (int s = t + 1; s < length; ++s) row.at(t, s) = 0.0f;
}

void attention_backward(Context& context, float* dqkv, float* scratch, const float* dout, const float* qkv,
                        const float* weights, const AttentionShape& shape) {
  const cpu::PortableFloatState float_state;
  const Orders orders(context, Summing::kAttentionBackward, Summing::kAttentionBackwardSoftmax);
  const int length = shape.length, depth = shape.depth;
  const float scale = attention_scale(depth);
  for (int item = 0; item < shape.batch * shape.heads; ++item) {
    const Head head(shape, item, unchanged(qkv), unchanged(dout), unchanged(weights));
    const Head gradient(shape, item, dqkv, unchanged(dout), scratch);
    for (int t = 0; t < length; ++t) {
      for (int s = 0; s < length; ++s)
        gradient.weights.at(t, s) = dot_of(
            orders.products, depth, [&](int d) { return head.out.at(t, d); },
            [&](int d) { return head.value.at(s, d); });
      softmax_backward_row(orders.softmax, gradient.weights, head.weights, t, length, scale);
    }
    // Σ left(i) · right row i, over the places of the text.
    const auto product = [&](auto left, const Rows& right, int d) {
      return dot_of(orders.products, length, left, [&](int i) { return right.at(i, d); });
    };
    for (int t = 0; t < length; ++t)
      for (int d = 0; d < depth; ++d) {
        gradient.value.at(t, d) = product([&](int i) { return head.weights.at(i, t); }, head.out, d);
        gradient.query.at(t, d) = product([&](int i) { return gradient.weights.at(t, i); }, head.key, d);
        gradient.key.at(t, d) = product([&](int i) { return gradient.weights.at(i, t); }, head.query, d);
      }
  }
}

void embed_backward(Context& context, float* dtable, const std::int32_t* tokens, const float* dout, int rows,
                    int vocabulary, int columns) {
  const cpu::PortableFloatState float_state;
  const SumOrder order = choices_of(context).order;
  std::vector<std::vector<Place>> places(static_cast<std::size_t>(vocabulary));  // of each token
  for (int i = 0; i < rows; ++i) places[static_cast<std::size_t>(tokens[i])].push_back(i);
  for (const std::vector<Place>& its : places)
    for (int j = 0; j < columns; ++j)
      *dtable++ = sum_of(order, static_cast<int>(its.size()),
                         [&](int i) { return dout[its[static_cast<std::size_t>(i)] * columns + j]; });
}

}  // namespace

void put_other_text_op(Backend& table, Summing op) {
  if (op == Summing::kEmbedBackward) table.embed_backward = embed_backward;
  if (op == Summing::kAttention || op == Summing::kAttentionSoftmax) table.attention = attention;
  if (op == Summing::kAttentionBackward || op == Summing::kAttentionBackwardSoftmax)
    table.attention_backward = attention_backward;
}

}  // namespace kernels::hypotheses

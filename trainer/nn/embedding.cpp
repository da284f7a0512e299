// See embedding.h.
#include "trainer/nn/embedding.h"

#include "core/error.h"

namespace trainer {
namespace {

// Places say less than characters at first: what is learned of them grows.
constexpr float kPlaceDeviation = 0.1f;

}  // namespace

Embedding::Embedding(Builder& builder, int length, int vocabulary, int width)
    : ops_(builder.ops),
      context_(builder.context),
      vocabulary_(vocabulary),
      output_{length, 1, width},
      table_(builder.parameter("weight", {vocabulary, width}, {Start::Kind::kNormal})),
      places_(builder.parameter("positions", {length, width}, {Start::Kind::kNormal, 1, 1, kPlaceDeviation})),
      out_(builder.results(output_)) {}

const float* Embedding::forward(const Pass& pass, const float*) {
  core::check(pass.tokens != nullptr, "a text model without tokens");
  ops_.embed(context_, out_.data(), pass.tokens, table_.value, places_.value, pass.rows * output_.positions(),
             output_.positions(), output_.channels);
  return out_.data();
}

// A place's gradient is the sum down the texts.
void Embedding::backward(const Pass& pass, const float*, const float* gradient, float*) {
  if (table_.gradient)
    ops_.embed_backward(context_, table_.gradient, pass.tokens, gradient, pass.rows * output_.positions(), vocabulary_,
                        output_.channels);
  if (places_.gradient) ops_.column_sum(context_, places_.gradient, gradient, pass.rows, output_.count());
}

}  // namespace trainer

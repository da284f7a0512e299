// softmax_cross_entropy of the CPU back end, on every instruction set and number of threads, against the row rule as a
// plain loop.
#include <cmath>

#include "core/math_float.h"
#include "tests/kernels/cpu_contexts.h"

using kernels::cpu_backend;
using tests::Array;
using tests::cpu_contexts;
using tests::first_difference;

namespace {

struct Loss {
  std::vector<float> loss, gradient;
  std::vector<std::int32_t> correct, rank, predicted;
};

/// The contract of ops.h, word for word.
Loss expected_loss(const std::vector<float>& logits, const std::vector<std::int32_t>& labels, std::size_t classes,
                   float smoothing) {
  Loss result;
  const std::size_t rows = labels.size();
  for (std::size_t i = 0; i < rows; ++i) {
    const float* row = logits.data() + i * classes;
    const auto label = static_cast<std::size_t>(labels[i]);
    std::size_t largest = 0;
    bool has_nan = row[0] != row[0];
    for (std::size_t j = 1; j < classes; ++j) {
      if (row[j] > row[largest]) largest = j;
      has_nan = has_nan || row[j] != row[j];
    }
    float lane[32] = {};
    for (std::size_t j = 0; j < classes; ++j) lane[j % 32] = lane[j % 32] + core::portable::exp(row[j] - row[largest]);
    for (int width : {16, 8, 4, 2, 1}) {
      for (int l = 0; l < width; ++l) lane[l] = lane[l] + lane[l + width];
    }
    if (smoothing > 0) {
      float gap[32] = {};
      for (std::size_t j = 0; j < classes; ++j) gap[j % 32] = gap[j % 32] + (row[largest] - row[j]);
      for (int width : {16, 8, 4, 2, 1}) {
        for (int l = 0; l < width; ++l) gap[l] = gap[l] + gap[l + width];
      }
      const float missed = (1.0f - smoothing) * (row[largest] - row[label]);
      const float spread = (smoothing / static_cast<float>(classes)) * gap[0];
      result.loss.push_back(core::portable::log(lane[0]) + (missed + spread));
    } else {
      result.loss.push_back((row[largest] - row[label]) + core::portable::log(lane[0]));
    }
    std::int32_t before = 0;
    for (std::size_t j = 0; j < classes; ++j) before += row[j] > row[label] || (row[j] == row[label] && j < label);
    result.rank.push_back(has_nan ? static_cast<std::int32_t>(classes) : before);
    result.predicted.push_back(has_nan ? -1 : static_cast<std::int32_t>(largest));
    result.correct.push_back(!has_nan && lane[0] == lane[0] && largest == label ? 1 : 0);
    for (std::size_t j = 0; j < classes; ++j) {
      const float softmax = core::portable::exp(row[j] - row[largest]) / lane[0];
      const float other = smoothing / static_cast<float>(classes);
      const float wanted = j == label ? (1.0f - smoothing) + other : other;
      result.gradient.push_back((softmax - wanted) * (1.0f / static_cast<float>(rows)));
    }
  }
  return result;
}

void require_equal_everywhere(const std::vector<float>& logits, const std::vector<std::int32_t>& labels, int classes,
                              float smoothing = 0) {
  const Loss expected = expected_loss(logits, labels, static_cast<std::size_t>(classes), smoothing);
  const int rows = static_cast<int>(labels.size());
  const Array<float> logits_array(logits);
  const Array<std::int32_t> labels_array(labels);
  for (kernels::Context* context : cpu_contexts()) {
    INFO(rows << "×" << classes << " on " << describe_device(*context));
    Array<float> loss(labels.size()), evaluated(labels.size()), gradient(logits.size());
    Array<std::int32_t> correct(labels.size());
    cpu_backend().softmax_cross_entropy(*context, loss.data(), correct.data(), gradient.data(), logits_array.data(),
                                        labels_array.data(), rows, classes, smoothing);
    CHECK(first_difference(loss.values(), expected.loss) == "");
    CHECK(first_difference(gradient.values(), expected.gradient) == "");
    CHECK(correct.values() == expected.correct);
    cpu_backend().softmax_cross_entropy(*context, evaluated.data(), correct.data(), nullptr, logits_array.data(),
                                        labels_array.data(), rows, classes, smoothing);
    CHECK(first_difference(evaluated.values(), expected.loss) == "");
    Array<std::int32_t> rank(labels.size()), predicted(labels.size());
    cpu_backend().rank_labels(*context, rank.data(), predicted.data(), logits_array.data(), labels_array.data(), rows,
                              classes);
    CHECK(rank.values() == expected.rank);
    CHECK(predicted.values() == expected.predicted);
  }
}

}  // namespace

TEST_CASE("softmax_cross_entropy equals the row rule, whatever the number of classes") {
  const std::pair<int, int> shapes[] = {{1, 1},  {5, 2},    {128, 10}, {33, 31}, {20, 32},
                                        {9, 33}, {17, 100}, {3, 1000}, {700, 10}};
  for (auto [rows, classes] : shapes) {
    std::vector<float> logits = tests::random_floats(static_cast<std::size_t>(rows * classes), 11);
    for (float& logit : logits) logit *= 20.0f;
    std::vector<std::int32_t> labels;
    for (int i = 0; i < rows; ++i) labels.push_back(i * 7 % classes);
    for (const float smoothing : {0.0f, 0.1f}) require_equal_everywhere(logits, labels, classes, smoothing);
  }
}

TEST_CASE("a row with infinities or NaN poisons its own loss alone and counts as wrong") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> logits = {1,   2, 3, nan, 2,    3, 1,    nan,  3,    1,    2,     nan,
                                     inf, 2, 3, 1,   -inf, 3, -inf, -inf, -inf, 0.0f, -0.0f, -1};
  require_equal_everywhere(logits, {2, 0, 2, 1, 0, 2, 0, 0}, 3);
}

TEST_CASE("among equal logits the lower class wins") {
  const std::vector<float> logits = {1, 4, 4, 4, 4, 4};
  const Array<float> logits_array(logits);
  const Array<std::int32_t> labels(std::vector<std::int32_t>{2, 0});
  Array<float> loss(2);
  Array<std::int32_t> correct(2);
  cpu_backend().softmax_cross_entropy(*cpu_contexts().front(), loss.data(), correct.data(), nullptr,
                                      logits_array.data(), labels.data(), 2, 3, 0.0f);
  CHECK(correct.values() == std::vector<std::int32_t>{0, 1});
}

TEST_CASE("the label's rank counts the classes that go before it, ties to the lower class") {
  const Array<float> logits(std::vector<float>{5, 9, 5, 9, 1});
  for (const auto& [label, wanted] : {std::pair{0, 2}, {1, 0}, {2, 3}, {3, 1}, {4, 4}}) {
    const Array<std::int32_t> labels(std::vector<std::int32_t>{label});
    Array<std::int32_t> rank(1), predicted(1);
    cpu_backend().rank_labels(*cpu_contexts().front(), rank.data(), predicted.data(), logits.data(), labels.data(), 1,
                              5);
    CHECK(rank.values().front() == wanted);
    CHECK(predicted.values().front() == 1);
  }
}

TEST_CASE("the losses of a prediction are the square and the size of its error, with their gradients") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Array<float> out(std::vector<float>{3, 1, 2, nan}), target(std::vector<float>{1, 4, 2, 0});
  Array<float> loss(4), gradient(4);
  for (kernels::Context* context : cpu_contexts()) {
    cpu_backend().regression_loss(*context, kernels::Regression::kSquared, loss.data(), gradient.data(), out.data(),
                                  target.data(), 4);
    CHECK(first_difference(loss.values(), {4, 9, 0, nan}) == "");
    CHECK(first_difference(gradient.values(), {1, -1.5f, 0, nan}) == "");
    cpu_backend().regression_loss(*context, kernels::Regression::kAbsolute, loss.data(), gradient.data(), out.data(),
                                  target.data(), 4);
    CHECK(first_difference(loss.values(), {2, 3, 0, nan}) == "");
    CHECK(first_difference(gradient.values(), {0.25f, -0.25f, 0, nan}) == "");
    cpu_backend().regression_loss(*context, kernels::Regression::kAbsolute, loss.data(), nullptr, out.data(),
                                  target.data(), 4);
    CHECK(first_difference(loss.values(), {2, 3, 0, nan}) == "");
  }
}

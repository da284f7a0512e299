// Rows of the hyperparameters of the training itself: loss, batches, epochs, how weights begin; see rows.h.
#include "trainer/hyperparameters/rows.h"

namespace trainer {
namespace {

using H = Hyperparameters;
using core::Json;
using kernels::Initialisation;
using kernels::fast::Precision;

constexpr std::array<std::string_view, 3> kLosses{"cross_entropy", "mse", "mae"};
constexpr std::array kLossValues{LossKind::kCrossEntropy, LossKind::kSquared, LossKind::kAbsolute};
constexpr std::array<std::string_view, 2> kInits{"he", "xavier"};
constexpr std::array kInitValues{Initialisation::kHe, Initialisation::kXavier};

constexpr std::array<std::string_view, 3> kPrecisions{"fp32", "tf32", "bf16"};
constexpr std::array kPrecisionValues{Precision::kFp32, Precision::kTf32, Precision::kBf16};

constexpr std::array kRows{
    choice_row(
        "loss", "null", kLosses,
        "cross_entropy for classes; mse or mae for numbers. Without a word: what the data asks for, cross_entropy or "
        "mse",
        [](H& h, const Json& v) { h.loss = v.is_null() ? LossKind::kOfTask : chosen(v, kLosses, kLossValues); }),
    number_row("label_smoothing", "0.0", 0, 0.99,
               "cross_entropy, in training alone: this share of each label is spread over all classes",
               [](H& h, const Json& v) { h.label_smoothing = v.get<float>(); }),
    integer_row("batch_size", "128", 1, 65536, "samples a step; the last batch of an epoch may be smaller",
                [](H& h, const Json& v) { h.batch_size = v.get<int>(); }),
    boolean_row("drop_last", "false", "an epoch leaves out its last batch where that is smaller",
                [](H& h, const Json& v) { h.drop_last = v.get<bool>(); }),
    integer_row("epochs", "10", 1, 100000, "passes over the training part",
                [](H& h, const Json& v) { h.epochs = v.get<int>(); }),
    integer_row(
        "patience", "0", 0, 100000,
        "the training ends when val_loss (train_loss without a validation part) has not fallen below its least for "
        "so many epochs; 0: never",
        [](H& h, const Json& v) { h.patience = v.get<int>(); }),
    choice_row("init", R"("he")", kInits, "initial weights: he (normal, variance 2/inputs) or xavier (uniform)",
               [](H& h, const Json& v) { h.init = chosen(v, kInits, kInitValues); }),
    text_row("init_from", R"("")",
             "a safetensors file, a checkpoint for one, whose tensors replace the initial weights of the same name and "
             "shape; a path from the folder where sweep was started",
             [](H& h, const Json& v) { h.init_from = v.get<std::string>(); }),
    text_row("init_sha256", R"("")", "the SHA-256 of that file: what makes the trial another one when the file is",
             [](H& h, const Json& v) { h.init_sha256 = v.get<std::string>(); }),
    Hyperparameter{
        "freeze",
        ValueType::kTexts,
        "[]",
        0,
        0,
        {},
        "tensors that keep their initial weights, by name, or all of a layer by its own: blocks.0, head.bias",
        [](H& h, const Json& v) {
          if (v.is_array())
            h.freeze = v.get<std::vector<std::string>>();
          else
            h.freeze = {v.get<std::string>()};
        }},
    choice_row("precision", R"("fp32")", kPrecisions,
               "numerics fast alone: what products round their factors to; fp32 not at all, without tensor cores",
               [](H& h, const Json& v) { h.precision = chosen(v, kPrecisions, kPrecisionValues); }),
};

}  // namespace

std::span<const Hyperparameter> training_rows() { return kRows; }

}  // namespace trainer

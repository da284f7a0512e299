// Rows of the hyperparameters of the data and its randomness; see rows.h.
#include "trainer/hyperparameters/rows.h"

namespace trainer {
namespace {

using H = Hyperparameters;
using core::Json;

constexpr double kMaxSeed = 2147483647.0;
constexpr double kMaxPixels = 65536;

constexpr std::array<std::string_view, 4> kSplits{"random", "stratified", "tail", "file"};
constexpr std::array kSplitValues{SplitKind::kRandom, SplitKind::kStratified, SplitKind::kTail, SplitKind::kFile};

constexpr std::array kRows{
    Hyperparameter{
        "validation_fraction",
        ValueType::kNumber,
        "0.1",
        0,
        0.9,
        {},
        "share of the training data that is held out for val_loss and val_accuracy; 0: none, and no such metric",
        [](H& h, const Json& v) { h.validation_fraction = v.get<double>(); }},
    Hyperparameter{"split", ValueType::kChoice, R"("random")", 0, 0, kSplits,
                   "which samples are held out: random ones, of each class its share, the last, or those that the data "
                   "set's validation.indices lists",
                   [](H& h, const Json& v) { h.split = chosen(v, kSplits, kSplitValues); }},
    boolean_row("flip", "false", "images, in training: each is flipped left to right every second time",
                [](H& h, const Json& v) { h.augmentation.flip = v.get<bool>(); }),
    integer_row("shift", "0", 0, kMaxPixels, "images, in training: each is moved by at most so many pixels each way",
                [](H& h, const Json& v) { h.augmentation.shift = v.get<int>(); }),
    integer_row("cutout", "0", 0, kMaxPixels, "images, in training: side of a square that is erased, in pixels",
                [](H& h, const Json& v) { h.augmentation.cutout = v.get<int>(); }),
    number_row("noise", "0.0", 0, 1000,
               "in training: standard deviation of what is added to each number, after the normalisation",
               [](H& h, const Json& v) { h.augmentation.noise = v.get<float>(); }),
    boolean_row("top5", "false", "classes: report val_top5 and test_top5 too",
                [](H& h, const Json& v) { h.top5 = v.get<bool>(); }),
    Hyperparameter{"seed",
                   ValueType::kInteger,
                   "null",
                   0,
                   kMaxSeed,
                   {},
                   "the training seed; without it the seed is derived from the sweep's seed and the configuration",
                   [](H&, const Json&) {}},  // the controller has put it into the trial document's seed,
};

}  // namespace

std::span<const Hyperparameter> data_rows() { return kRows; }

}  // namespace trainer

// The trainer's hyperparameters: one table (name, type, default, range, help), which the parser, --help, --describe,
// the controller's check and the tests read. Its rows stand by subject in hyperparameters/. Nothing here trains.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "kernels/fast/precision.h"
#include "kernels/ops.h"
#include "trainer/data/split_kind.h"

namespace trainer {

enum class PoolKind { kMax, kAverage, kNone };
enum class LossKind { kOfTask, kCrossEntropy, kSquared, kAbsolute };
enum class ScheduleKind { kConstant, kCosine, kStep, kLinear, kOneCycle };

/// A trial's configuration, checked and complete. Defaults are those of the table.
struct Hyperparameters {
  std::string model;
  std::vector<int> hidden;
  kernels::Activation activation{};
  double dropout = 0;
  std::vector<int> channels{};  ///< cnn: of each block; kernel, stride and pool_size have one item for all, or as many
  std::vector<int> kernel{};
  std::vector<int> stride{};
  bool pads = true;  ///< cnn: padding "same"
  PoolKind pool{};
  std::vector<int> pool_size{};
  bool batch_norm = true;
  std::vector<int> dense{};
  int width = 0;  ///< 0: the model's own
  int context = 0;
  int layers = 0;
  int heads = 0;
  kernels::OptimizerSettings optimizer;
  double learning_rate = 0;
  ScheduleKind schedule{};
  double warmup_epochs = 0;
  double step_size_epochs = 0;
  double step_gamma = 0;
  bool cycle_momentum = false;
  double momentum_min = 0, momentum_max = 0;  ///< of the cycle
  float clip_norm = 0;                        ///< 0: gradients are not clipped
  LossKind loss{};
  float label_smoothing = 0;
  int batch_size = 0;
  bool drop_last = false;
  int epochs = 0;
  int patience = 0;  ///< 0: all epochs
  kernels::Initialisation init{};
  std::string init_from;                 ///< a file of weights; empty for none
  std::string init_sha256;               ///< its digest
  std::vector<std::string> freeze{};     ///< names of tensors, or of layers
  kernels::fast::Precision precision{};  ///< of numerics fast-1
  kernels::Augmentation augmentation;
  bool top5 = false;
  double validation_fraction = 0;
  SplitKind split{};
};

enum class ValueType { kInteger, kNumber, kChoice, kIntegers, kBoolean, kText, kTexts };
std::string_view name(ValueType type);

/// One row of the table. min and max are included, and hold for each item of a list.
struct Hyperparameter {
  std::string_view name;
  ValueType type;
  const char* default_json;  ///< as JSON text; "null": no default, see help
  double min = 0;
  double max = 0;
  std::span<const std::string_view> choices;
  std::string_view help;
  void (*set)(Hyperparameters&, const core::Json&);  ///< takes a value that was checked
};

std::span<const Hyperparameter> hyperparameters();

inline constexpr std::size_t kMaxItems = 64;  ///< of a list

/// The configuration with defaults filled in. An integral float (64.0) is accepted for an integer, an integer for a
/// number, an integer or a text alone for a list of them. Errors: UserError with every problem: unknown names (with the
/// nearest), wrong types, values out of range.
Hyperparameters parse_hyperparameters(const core::Json& config);

/// Every row's value in that configuration, of the row's type: what is left to defaults is filled in. Errors: as above.
core::Json complete_configuration(const core::Json& config);

/// The table for --help: a line or two a row.
std::string hyperparameter_help();

/// The table for --describe: an array of {name, type, default, min, max, max_items, choices, help}, each
/// with what its type has.
core::Json describe_hyperparameters();

// Metrics. The test set is evaluated once, after the last epoch, and never ranked on.
inline constexpr char kTrainLoss[] = "train_loss";
inline constexpr char kValLoss[] = "val_loss";
inline constexpr char kValAccuracy[] = "val_accuracy";
inline constexpr char kValTop5[] = "val_top5";
inline constexpr char kValR2[] = "val_r2";
inline constexpr char kTestLoss[] = "test_loss";
inline constexpr char kTestAccuracy[] = "test_accuracy";
inline constexpr char kTestTop5[] = "test_top5";
inline constexpr char kTestR2[] = "test_r2";

struct MetricRow {
  std::string_view name;
  bool ranks;  ///< reported each epoch, and a sweep may rank by it; else once at the end
  std::string_view meaning;
};
std::span<const MetricRow> metrics();
std::vector<std::string> ranking_metrics();
std::vector<std::string> test_metrics();

/// The table for --help: a line a metric.
std::string metric_help();

}  // namespace trainer

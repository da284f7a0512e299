// A trial in the middle of its training, as a file: written so that a crash leaves the old file or the new one, read
// back only where every byte is as it was written and the trial is the same. Callers: training/. It knows nothing of
// devices.
//
// File: safetensors (safetensors.h). `last` holds each parameter under its name (layers.0.weight, outputs × inputs, as
// PyTorch has them) and the optimizer's moments under optimizer.first.NAME and optimizer.second.NAME; `best` holds the
// parameters alone. The metadata has three texts:
//   format   "sweep-checkpoint/1"
//   state    canonical JSON of CheckpointState, without the tensors
//   sha256   over `state`, then for each tensor in order its name, its shape as JSON and its bytes
// Benefits: any tool that reads safetensors reads the weights. Downside: the whole file is one write.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "protocol/event.h"
#include "trainer/checkpoint/safetensors.h"

namespace trainer {

inline constexpr char kLastKind[] = "last";
inline constexpr char kBestKind[] = "best";

/// The best value of the trial's metric so far, and the file that holds its weights.
struct Best {
  core::Json metric;  ///< whose: protocol::Metric as JSON
  double value = 0;
  std::uint64_t step = 0;
  std::uint64_t epoch = 0;
  std::string file;  ///< in the checkpoint's folder; empty where it was not written

  bool operator==(const Best&) const = default;
};

/// The least loss of the epochs so far, for a training that ends when it has not fallen for a while.
struct Watched {
  double least = 0;
  std::uint64_t epoch = 0;

  bool operator==(const Watched&) const = default;
};

struct CheckpointState {
  core::Json identity;        ///< of the trial: {"config", "data", "numerics", "seed", "trainer"}
  std::uint64_t step = 0;     ///< steps done
  double epoch_loss_sum = 0;  ///< of the samples of the unfinished epoch, in order
  std::vector<Best> best{};   ///< the best first
  std::optional<Watched> watched{};
  std::vector<NamedTensor> tensors{};

  bool operator==(const CheckpointState&) const = default;
};

/// The bytes of a checkpoint, and back. Errors: UserError that names `place` and what is damaged.
std::string encode_checkpoint(const CheckpointState& state);
CheckpointState decode_checkpoint(std::string_view bytes, std::string_view place);

/// What a checkpoint of `weights` weights takes at most: with two moments each, and room for its header.
constexpr std::uint64_t max_checkpoint_bytes(std::uint64_t weights) {
  return 3 * sizeof(float) * weights + (std::uint64_t{16} << 20);
}

/// Reads the checkpoint of a trial. Errors: UserError where it is damaged or larger than `limit_bytes`, or where
/// `identity` is another: the message names the fields that differ.
CheckpointState load_checkpoint(const std::filesystem::path& file, const core::Json& identity,
                                std::uint64_t limit_bytes);

/// The trial's folder of checkpoints. Of each kind it keeps what is wanted now and what was wanted before: the
/// controller may not have stored the newest one's event yet.
class CheckpointFolder {
 public:
  explicit CheckpointFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Says that `file` is one to keep: this attempt went on from it.
  void keep(std::string_view kind, const std::string& file);

  /// Writes KIND-NAME.safetensors durably, into the folder that it makes where it is missing; NAME-STEP where a file of
  /// that name is one to keep, or was written since the last prune. Errors: EnvironmentError (disk full, read-only).
  protocol::Checkpoint write(std::string_view kind, const std::string& name, const CheckpointState& state);

  /// Deletes the files of `kind` but those wanted, and those that were wanted before. To be called once the
  /// checkpoint's event is sent.
  void prune(std::string_view kind, const std::vector<std::string>& wanted);

 private:
  struct Kept {
    std::vector<std::string> now, before;
    std::vector<std::string> written;  // since the last prune
  };
  Kept& kept(std::string_view kind);

  std::filesystem::path folder_;
  Kept last_;
  Kept best_;
};

}  // namespace trainer

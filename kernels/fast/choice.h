// Which of a library's ways of computing something was chosen, in a form that outlives the process: what is recorded
// with a trial under fast-1 and what a replay computes by. Made by cudnn.cpp and cublaslt.cpp, kept by plans.h, written
// and read by the trainer. It opens no library. Promise of whatever computes by a choice: `fast` (docs/fast.md).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "kernels/fast/precision.h"

namespace kernels::fast {

/// One setting of an engine of cuDNN: numbers of its header.
struct Knob {
  std::int64_t type = 0, value = 0;
  bool operator==(const Knob&) const = default;
};

/// What rebuilds a plan of cuDNN exactly, given the operation, the version and the device.
struct Engine {
  std::int64_t id = 0;
  std::vector<Knob> knobs;

  bool operator==(const Engine&) const = default;
  /// "eng71_k2=1_k13=0": the knobs in cuDNN's order. On disk.
  std::string tag() const;
  static std::optional<Engine> from_tag(std::string_view tag);
};

struct Choice {
  std::string operation;              ///< what is computed, by content: Convolution::text(), Product::text()
  std::string library;                ///< "cudnn 9.19.0", "cublaslt 13.1.0"
  std::string algorithm;              ///< an engine's tag; the 64 bytes of cuBLASLt in hexadecimal
  std::uint64_t workspace_bytes = 0;  ///< exactly as much scratch memory as it is given
  core::Json decoded;                 ///< the same for people, and a second witness: attributes, notes

  bool operator==(const Choice&) const = default;
  core::Json to_json() const;
  /// Errors: UserError naming `place` and the field.
  static Choice from_json(const core::Json& json, std::string_view place);
};

/// A recorded algorithm that this machine cannot compute by: the trial is not comparable here.
class NotRebuilt : public std::runtime_error {
 public:
  NotRebuilt(const Choice& recorded, std::string present);
  const std::string& operation() const { return operation_; }
  const std::string& recorded() const { return recorded_; }  ///< library and algorithm
  const std::string& present() const { return present_; }    ///< what there is in its place

 private:
  std::string operation_, recorded_, present_;
};

/// The words of a key: {"n", 64}, {"c", 3} become "n64 c3". One space between two of them.
struct KeyPart {
  std::string_view word;
  std::int64_t value;
};
std::string key_text(std::string_view operation, std::initializer_list<KeyPart> parts, Precision precision);

}  // namespace kernels::fast

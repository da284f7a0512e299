// Failures that follow one GPU: what attempts on each GPU came to, as long as this controller lives, and when a GPU is
// to take no more. Called by the loop. Pure: it moves trials and decides no end.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocol/outcome.h"

namespace sweep {

/// So many different trials in a row that end alike on one GPU say that it is the GPU.
inline constexpr std::size_t kQuarantineAfter = 3;

struct Quarantine {
  std::string gpu;                    ///< UUID
  std::vector<std::uint64_t> trials;  ///< that ended badly there in a row, by index; to be run elsewhere
  std::string detail;                 ///< of the last of them
};

class GpuHealth {
 public:
  /// An attempt has ended on `gpu`. `cancelled` and `lost` say nothing of it.
  void ended(const std::string& gpu, std::uint64_t trial, protocol::Outcome outcome, const std::string& detail);

  /// A GPU on which the last kQuarantineAfter trials ended badly and with one signature (study/signature.h), while
  /// since the first of these another GPU had an attempt that ended well; it is told once, and is in quarantine from
  /// then on. Without another GPU there is none.
  std::optional<Quarantine> find();

  bool in_quarantine(const std::string& gpu) const { return quarantined_.contains(gpu); }

 private:
  struct Bad {
    std::uint64_t time = 0;  // counts the ends of attempts
    std::uint64_t trial = 0;
    std::string signature, detail;
  };
  struct Gpu {
    std::uint64_t good = 0;   // when one ended well last; 0: never
    std::vector<Bad> in_row;  // since then, each trial once, all with one signature
  };
  bool another_is_good(const std::string& gpu, std::uint64_t since) const;

  std::uint64_t time_ = 0;
  std::map<std::string, Gpu> gpus_;
  std::set<std::string> quarantined_;
};

}  // namespace sweep

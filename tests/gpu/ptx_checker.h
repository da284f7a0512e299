// Reads PTX as nvcc writes it and names every instruction that portable-1 does not allow. Used by ptx_test.cpp.
#pragma once

#include <string>
#include <vector>

namespace tests {

/// A forbidden instruction.
struct PtxFinding {
  int line;
  std::string text;
  std::string reason;
};

/// Every finding in `ptx`. Allowed of floating point: add, sub, mul, fma, div, sqrt rounded by .rn (without it ptxas
/// may fuse), comparisons, selections, neg, abs, conversions, loads and stores.
std::vector<PtxFinding> check_ptx(const std::string& ptx);

/// Floating-point instructions with .rn in `ptx`, to see that something was read.
int count_rounded(const std::string& ptx);

}  // namespace tests

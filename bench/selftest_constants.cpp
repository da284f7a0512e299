// Prints kernels/selftest_constants.h as this processor computes it, after the plain code and every instruction set
// that is here have agreed. Run by hand, only where the arithmetic of portable-1 is changed on purpose, or a digest is
// added to those outside of the identity:
//   ninja selftest_constants && bin/selftest_constants > new && mv new kernels/selftest_constants.h
#include <fmt/core.h>

#include "kernels/selftest.h"

int main() {
  const auto digests_of = [](int threads, kernels::CpuIsa isa) {
    const auto context = kernels::make_cpu_context(threads, isa);
    return kernels::selftest_digests(kernels::cpu_backend(), *context);
  };
  const auto plain = digests_of(1, kernels::CpuIsa::kPlain);
  for (const kernels::CpuIsa isa : {kernels::CpuIsa::kAvx2, kernels::CpuIsa::kBest}) {
    const auto other = digests_of(3, isa);
    for (std::size_t i = 0; i < plain.size(); ++i) {
      if (plain[i].digest != other[i].digest) {
        fmt::print(stderr, "{}: {} gives {:016x}, plain code {:016x}\n", plain[i].name, kernels::name(isa),
                   other[i].digest, plain[i].digest);
        return 1;
      }
    }
  }
  fmt::print(
      "// What the self-test must find: the definition of portable-1 in numbers. Written by `selftest_constants` "
      "(bench/),\n// never by hand; included by selftest.cpp alone. A change in the first array is another trainer\n"
      "// (docs/reproducibility.md).\n#pragma once\n\n#include <cstdint>\n\nnamespace kernels {{\n\n"
      "struct SelftestConstant {{\n  const char* name;\n  std::uint64_t digest;\n}};\n\n"
      "inline constexpr SelftestConstant kSelftestConstants[] = {{\n");
  const auto print_rows = [&](bool in_identity) {
    for (const kernels::SelftestDigest& row : plain)
      if (row.in_identity == in_identity) fmt::print("    {{\"{}\", 0x{:016x}u}},\n", row.name, row.digest);
  };
  print_rows(/*in_identity=*/true);
  fmt::print(
      "}};\n\n/// Checked as the others are, but not in the identity: a row here makes no other trainer.\n"
      "inline constexpr SelftestConstant kLaterSelftestConstants[] = {{\n");
  print_rows(/*in_identity=*/false);
  fmt::print("}};\n\n}}  // namespace kernels\n");
}

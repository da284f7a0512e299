// The PTX of the CUDA ops, as nvcc makes it under the flags of portable-1, holds no instruction that could give other
// bits than the CPU's. Skipped in a build without nvcc; the checker itself is always tested.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/catch.h"
#include "tests/gpu/ptx_checker.h"
#include "tests/skip.h"

namespace {

std::string in_kernel(const std::string& instruction) {
  return ".version 9.0\n.target sm_80\n.visible .entry kernel(\n\t.param .u64 x\n)\n{\n\t.reg .f32 \t%f<4>;\n\t" +
         instruction + "\n\tret;\n}\n";
}

#if defined(SWEEP_PTX_FILES)
std::vector<std::string> ptx_files() {
  std::vector<std::string> files;
  std::istringstream list(SWEEP_PTX_FILES);
  for (std::string file; std::getline(list, file, '|');) files.push_back(file);
  return files;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  REQUIRE(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}
#endif

}  // namespace

TEST_CASE("the PTX of every CUDA op rounds each operation and holds nothing approximate") {
#if !defined(SWEEP_PTX_FILES)
  skip("this build has no nvcc");
#else
  int rounded = 0;
  for (const std::string& file : ptx_files()) {
    const std::string ptx = text_of(file);
    CHECK(ptx.find(".entry") != std::string::npos);
    rounded += tests::count_rounded(ptx);
    for (const tests::PtxFinding& found : tests::check_ptx(ptx)) {
      FAIL_CHECK(fmt::format("{}:{}: {}: {}", std::filesystem::path(file).filename().string(), found.line, found.text,
                             found.reason));
    }
  }
  CHECK(rounded > 1000);
#endif
}

TEST_CASE("the PTX checker finds each forbidden form, with its line and the reason") {
  for (const char* instruction : {"add.f32 \t%f1, %f2, %f3;",
                                  "sub.f32 \t%f1, %f2, %f3;",
                                  "mul.f32 \t%f1, %f2, %f3;",
                                  "mul.f64 %d1, %d2, %d3;",
                                  "mad.f32 %f1, %f2, %f3, %f1;",
                                  "fma.rn.ftz.f32 %f1, %f2, %f3, %f1;",
                                  "add.ftz.f32 %f1, %f2, %f3;",
                                  "div.approx.f32 %f1, %f2, %f3;",
                                  "div.full.f32 %f1, %f2, %f3;",
                                  "sqrt.approx.f32 %f1, %f2;",
                                  "rcp.approx.ftz.f32 %f1, %f2;",
                                  "rsqrt.approx.f32 %f1, %f2;",
                                  "ex2.approx.ftz.f32 %f1, %f2;",
                                  "lg2.approx.f32 %f1, %f2;",
                                  "sin.approx.f32 %f1, %f2;",
                                  "tanh.approx.f32 %f1, %f2;",
                                  "max.f32 %f1, %f2, %f3;",
                                  "setp.lt.ftz.f32 %p1, %f1, %f2;",
                                  "atom.global.add.f32 %f1, [%rd1], %f2;",
                                  "red.global.add.f32 [%rd1], %f2;",
                                  "atom.shared.add.f64 %d1, [%rd1], %d2;",
                                  "@%p1 add.f32 %f1, %f2, %f3;",
                                  "{ add.f32 %f1, %f2, %f3; }",
                                  "add.rz.f32 %f1, %f2, %f3;",
                                  "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%f1}, {%r1}, {%r2}, {%f1};"}) {
    INFO(instruction);
    const auto findings = tests::check_ptx(in_kernel(instruction));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].line == 8);
  }
  const auto findings = tests::check_ptx(in_kernel("\tred.global.add.f32 [%rd1], %f2;"));
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].text == "red.global.add.f32 [%rd1], %f2;");
  CHECK(findings[0].reason == "an atomic on floats has no order");
}

TEST_CASE("the PTX checker lets pass what portable-1 is made of") {
  for (const char* instruction : {"add.rn.f32 %f1, %f2, %f3;",
                                  "fma.rn.f32 %f1, %f2, %f3, %f1;",
                                  "div.rn.f32 %f1, %f2, %f3;",
                                  "sqrt.rn.f32 %f1, %f2;",
                                  "mul.rn.f64 %d1, %d2, %d3;",
                                  "setp.le.f32 %p1, %f1, 0f00000000;",
                                  "selp.f32 %f1, %f2, %f3, %p1;",
                                  "add.s32 %r1, %r2, %r3;",
                                  "mul.wide.u32 %rd1, %r2, %r3;",
                                  "mad.lo.s32 %r1, %r2, %r3, %r4;",
                                  "max.s32 %r1, %r2, %r3;",
                                  "atom.global.add.u64 %rd1, [%rd2], %rd3;",
                                  "red.global.add.u64 [%rd1], %rd2;",
                                  "ld.global.f32 %f1, [%rd1];",
                                  "st.global.v4.f32 [%rd1], {%f1, %f2, %f3, %f4};",
                                  "cvt.rn.f32.s32 %f1, %r1;",
                                  "neg.f32 %f1, %f2;",
                                  "bar.sync 0;",
                                  "shfl.sync.bfly.b32 %r1|%p1, %r2, 16, 31, -1;",
                                  "// add.f32 in a comment",
                                  ".loc 1 3 5",
                                  "mov.f32 %f1, 0f3F800000;"}) {
    INFO(instruction);
    CHECK(tests::check_ptx(in_kernel(instruction)).empty());
  }
}

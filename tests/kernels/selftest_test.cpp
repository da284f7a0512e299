// The constants of portable-1 hold on every instruction set of this machine and for several threads.
#include <algorithm>
#include <set>

#include "kernels/cpu_context.h"
#include "kernels/selftest.h"
#include "tests/kernels/cpu_contexts.h"

using kernels::Activation;

namespace {

template <class... Arguments>
void does_nothing(Arguments...) {}

}  // namespace

TEST_CASE("the self-test passes on every instruction set and thread count") {
  for (kernels::Context* context : tests::cpu_contexts()) {
    for (const kernels::SelftestResult& result : kernels::run_selftest(kernels::cpu_backend(), *context)) {
      INFO(result.name << " on " << kernels::name(kernels::cpu_isa(*context)));
      CHECK(result.found == result.expected);
    }
  }
}

TEST_CASE("no two digests of the self-test have the same name or value") {
  const auto context = kernels::make_cpu_context(1);
  std::set<std::string> names;
  std::set<std::uint64_t> values;
  const auto results = kernels::run_selftest(kernels::cpu_backend(), *context);
  for (const kernels::SelftestResult& result : results) {
    names.insert(result.name);
    values.insert(result.expected);
  }
  CHECK(names.size() == results.size());
  // The three forms of a product agree where k = 0 (all +0) and where all is 1 by 1.
  CHECK(values.size() + 4 == results.size());
}

TEST_CASE("the identity of portable-1 is a digest of its constants, which those that came later do not change") {
  CHECK(kernels::selftest_digest() == "7ed44da661f5b38b");
  const auto context = kernels::make_cpu_context(1);
  const auto digests = kernels::selftest_digests(kernels::cpu_backend(), *context);
  const auto in_identity = [](const kernels::SelftestDigest& one) { return one.in_identity; };
  CHECK(std::is_partitioned(digests.begin(), digests.end(), in_identity));
  CHECK(std::count_if(digests.begin(), digests.end(), in_identity) == 143);
}

TEST_CASE("functions that only steps of a training call fail the self-test where they do nothing") {
  using Table = kernels::cpu::IsaTable;
  const std::pair<const char*, void (*)(Table&)> broken[] = {
      {"nothing", [](Table&) {}},
      {"activation_chunks", [](Table& table) { table.activation_chunks = does_nothing; }},
      {"norm_max_pool", [](Table& table) { table.norm_max_pool = does_nothing; }},
      {"norm_max_pool_gradient_chunks", [](Table& table) { table.norm_max_pool_gradient_chunks = does_nothing; }},
      {"norm_max_pool_backward_pixels", [](Table& table) { table.norm_max_pool_backward_pixels = does_nothing; }},
      {"a gradient of tanh", [](Table& table) {
         table.norm_gradient_chunks = [](Activation kind, float* dgamma, float* dbeta,
                                         const kernels::cpu::NormRows& rows, const kernels::cpu::ChunkRange& range) {
           if (kind != Activation::kTanh)
             kernels::cpu::kAvx2Table.norm_gradient_chunks(kind, dgamma, dbeta, rows, range);
         };
       }}};
  for (const auto& [name, breaks] : broken) {
    INFO(name);
    Table table = kernels::cpu::kAvx2Table;
    breaks(table);
    kernels::cpu::CpuContext context(1, kernels::CpuIsa::kAvx2, table);
    const auto results = kernels::run_selftest(kernels::cpu_backend(), context);
    const bool passed = std::all_of(results.begin(), results.end(), [](const auto& one) { return one.passed(); });
    CHECK(passed == (name == std::string("nothing")));
  }
}

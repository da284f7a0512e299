// The constants of portable-1 hold on every instruction set of this machine and for several threads.
#include <set>

#include "kernels/selftest.h"
#include "tests/kernels/cpu_contexts.h"

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

TEST_CASE("the identity of portable-1 is a digest of the constants") {
  CHECK(kernels::selftest_digest().size() == 16);
  CHECK(kernels::selftest_digest() == kernels::selftest_digest());
}

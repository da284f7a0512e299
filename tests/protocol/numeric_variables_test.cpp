// What is recorded of the environment variables that change numbers.
#include "protocol/numeric_variables.h"

#include "core/digest.h"
#include "tests/catch.h"

TEST_CASE("of a variable's item that is very long the length and the digest are recorded, of others what they are") {
  const std::string item(70000, 'x');
  REQUIRE(::setenv("XLA_FLAGS", ("--a=b " + item + " --c=d").c_str(), 1) == 0);
  REQUIRE(::setenv("LD_LIBRARY_PATH", "/home/somebody/lib:/opt/lib64", 1) == 0);
  const std::map<std::string, std::string> set = protocol::numeric_variables();
  CHECK(set.at("XLA_FLAGS") == "--a=b (70000 bytes, sha256 " + core::sha256_hex(item) + ") --c=d");
  CHECK(set.at("LD_LIBRARY_PATH") == "lib:lib64");
  ::unsetenv("XLA_FLAGS");
  ::unsetenv("LD_LIBRARY_PATH");
}

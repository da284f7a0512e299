// SHA-256: the published vectors (FIPS 180-4) and the two ways to feed it.
#include "tests/catch.h"

#include <fstream>

#include "core/digest.h"
#include "core/error.h"
#include "tests/temporary_folder.h"

TEST_CASE("SHA-256 gives the published digests") {
  CHECK(core::sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(core::sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("feeding in parts gives the digest of the whole") {
  core::Sha256 hash;
  hash.update("a");
  hash.update("");
  hash.update("bc");
  CHECK(hash.hex() == core::sha256_hex("abc"));
}

TEST_CASE("the digest of a file is that of its bytes, and a missing file is named") {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "file";
  std::ofstream(path, std::ios::binary) << "abc";
  CHECK(core::sha256_file(path) == core::sha256_hex("abc"));
  CHECK_THROWS_WITH(core::sha256_file(path + "x"), path + "x: cannot be read: No such file or directory");
}

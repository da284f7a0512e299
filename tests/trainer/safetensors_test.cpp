// A checkpoint is read by twenty lines of Python's standard library, and every tensor has the bits that it had in the
// training. Skipped where there is no python3.
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "core/files.h"
#include "tests/catch.h"
#include "tests/skip.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/training_bench.h"

namespace {

// Prints a line a tensor: name, shape, and the bits of its values.
constexpr char kReader[] = R"(import json, struct, sys

def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    body = memoryview(data)[8 + length:]
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32"
        begin, end = entry["data_offsets"]
        tensors[name] = (entry["shape"], struct.unpack("<%dI" % ((end - begin) // 4), body[begin:end]))
    return tensors

for name, (shape, words) in read_safetensors(sys.argv[1]).items():
    print(name, ",".join(map(str, shape)), ",".join("%08x" % word for word in words))
)";

std::string line_of(const trainer::NamedTensor& tensor) {
  std::string text = tensor.name + " ";
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) text += (i ? "," : "") + std::to_string(tensor.shape[i]);
  text += " ";
  for (std::size_t i = 0; i < tensor.values.size(); ++i) {
    char word[12];
    std::snprintf(word, sizeof word, "%s%08x", i ? "," : "", std::bit_cast<std::uint32_t>(tensor.values[i]));
    text += word;
  }
  return text;
}

}  // namespace

TEST_CASE("a checkpoint opens in Python with twenty lines of its standard library, to the bit") {
  if (std::system("python3 -c 'import json, struct' 2>/dev/null") != 0) skip("no python3");
  const TemporaryFolder folder;
  Bench bench;
  bench.folder = folder.path();
  bench.stop_after = 20;
  bench.start().run();
  const std::string script = folder.write("read.py", kReader).string();
  for (const char* kind : {"last", "best"}) {
    const std::string file = (folder.path() / bench.newest(kind)).string(), out = (folder.path() / "out").string();
    REQUIRE(std::system(("python3 " + script + " " + file + " > " + out).c_str()) == 0);
    const std::string printed = core::read_file(out);
    const trainer::CheckpointState state = trainer::decode_checkpoint(core::read_file(file), file);
    CHECK(state.tensors.size() == (std::string(kind) == "last" ? 18 : 6));
    std::map<std::string, std::string> wanted, found;
    for (const trainer::NamedTensor& tensor : state.tensors) wanted[tensor.name] = line_of(tensor);
    for (std::size_t begin = 0, end; (end = printed.find('\n', begin)) != std::string::npos; begin = end + 1)
      found[printed.substr(begin, printed.find(' ', begin) - begin)] = printed.substr(begin, end - begin);
    CHECK(found == wanted);
  }
}

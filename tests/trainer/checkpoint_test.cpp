// Checkpoints: written, read back, and refused when anything is not as it was.
#include "trainer/checkpoint/checkpoint.h"

#include <cmath>
#include <limits>
#include <optional>

#include "core/digest.h"
#include "core/files.h"
#include "protocol/checkpoint_name.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/message.h"

namespace {

trainer::CheckpointState example(std::uint64_t step = 7) {
  trainer::CheckpointState state;
  state.identity = {{"seed", 3}, {"config", {{"epochs", 2}}}};
  state.step = step;
  state.epoch_loss_sum = 0.1 + 0.2;
  state.best = {{{{"name", "val_accuracy"}}, 0.875, 4, 1, "best-4.safetensors"},
                {{{"name", "val_accuracy"}}, 0.5, 2, 0, ""}};
  state.watched = trainer::Watched{0.25, 3};
  state.tensors = {{"layers.0.weight", {2, 3}, {1, -0.0f, 3e-45f, 4, 5, 6}}, {"layers.0.bias", {2}, {0.5f, -1}}};
  return state;
}

std::vector<std::string> files_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("a checkpoint reads back as it was written, to the bit") {
  const trainer::CheckpointState state = example();
  CHECK(trainer::decode_checkpoint(trainer::encode_checkpoint(state), "here") == state);
  trainer::CheckpointState without = example();
  without.best.clear();
  without.watched.reset();
  without.epoch_loss_sum = std::numeric_limits<double>::infinity();
  CHECK(trainer::decode_checkpoint(trainer::encode_checkpoint(without), "here") == without);
  CHECK(std::signbit(trainer::decode_checkpoint(trainer::encode_checkpoint(state), "here").tensors[0].values[1]));
}

TEST_CASE("a checkpoint is a safetensors file: length, JSON header, data at a multiple of eight") {
  const std::string bytes = trainer::encode_checkpoint(example());
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < 8; ++i) length |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  CHECK(length % 8 == 0);
  const core::Json header = core::Json::parse(bytes.substr(8, length));
  CHECK(header["layers.0.weight"].dump() == R"({"data_offsets":[0,24],"dtype":"F32","shape":[2,3]})");
  CHECK(header["layers.0.bias"].dump() == R"({"data_offsets":[24,32],"dtype":"F32","shape":[2]})");
  CHECK(header["__metadata__"]["format"] == "sweep-checkpoint/1");
  CHECK(bytes.size() == 8 + length + 32);
}

TEST_CASE("a checkpoint that is cut off anywhere is refused") {
  const std::string bytes = trainer::encode_checkpoint(example());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const std::string message = message_of([&] { trainer::decode_checkpoint(bytes.substr(0, length), "here"); });
    REQUIRE(message.starts_with("here: is cut off at byte " + std::to_string(length)));
  }
  CHECK(message_of([&] { trainer::decode_checkpoint(bytes + "x", "here"); }) ==
        "here: has 1 byte behind its last tensor");
}

TEST_CASE("a checkpoint with any one byte changed is refused") {
  const std::string bytes = trainer::encode_checkpoint(example());
  const trainer::CheckpointState state = example();
  std::size_t refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    // A change that only moves a blank of the padding may pass; what is read is never another state.
    std::optional<trainer::CheckpointState> read;
    try {
      read = trainer::decode_checkpoint(damaged, "here");
    } catch (const core::UserError&) {
      ++refused;
    }
    if (read) REQUIRE(*read == state);
  }
  CHECK(refused > bytes.size() - 16);
  std::string damaged = bytes;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  CHECK(message_of([&] {
          trainer::decode_checkpoint(damaged, "here");
        }).starts_with("here: is damaged: its contents have SHA-256 "));
}

TEST_CASE("a checkpoint of another trial is refused, and the difference is named") {
  const TemporaryFolder folder;
  trainer::CheckpointFolder checkpoints(folder.path());
  const auto file = folder.path() / checkpoints.write("last", "7", example()).file;
  CHECK(trainer::load_checkpoint(file, example().identity, core::kNoLimit) == example());
  core::Json other = example().identity;
  other["seed"] = 4;
  CHECK(message_of([&] { trainer::load_checkpoint(file, other, core::kNoLimit); }) ==
        file.string() + ": belongs to another trial: it differs in seed, start this trial without it");
}

TEST_CASE("any safetensors file that is no checkpoint of ours is refused") {
  CHECK(message_of([] { trainer::decode_checkpoint(trainer::write_safetensors({}), "here"); }) ==
        "here: is not a checkpoint of this program: no format");
  CHECK(message_of([] {
          trainer::decode_checkpoint(trainer::write_safetensors({{{"format", "pt"}}, {}}), "here");
        }) == "here: is a checkpoint of the form 'pt', this trainer reads 'sweep-checkpoint/1'");
}

TEST_CASE("the event's digest is that of the file, and the step stands in the name") {
  const TemporaryFolder folder;
  trainer::CheckpointFolder checkpoints(folder.path() / "new");
  const protocol::Checkpoint event = checkpoints.write("best", "12", example(12));
  CHECK(event.file == "best-12.safetensors");
  CHECK(event.kind == "best");
  CHECK(event.step == 12);
  CHECK(event.sha256 == core::sha256_file(folder.path() / "new" / event.file));
}

TEST_CASE("the newest two of each kind are kept, and newer strangers are swept away") {
  const TemporaryFolder folder;
  folder.write("last-900.safetensors", "written after the checkpoint that the attempt went on from");
  folder.write("last-5.safetensors.tmp123", "");
  folder.write("notes", "");
  trainer::CheckpointFolder checkpoints(folder.path());
  checkpoints.keep("last", "last-10.safetensors");
  folder.write("last-10.safetensors", "");
  using Names = std::vector<std::string>;
  checkpoints.write("best", "11", example(11));
  checkpoints.prune("last", {checkpoints.write("last", "20", example(20)).file});
  CHECK(files_in(folder.path()) == Names{"best-11.safetensors", "last-10.safetensors", "last-20.safetensors", "notes"});
  checkpoints.prune("last", {checkpoints.write("last", "30", example(30)).file});
  CHECK(files_in(folder.path()) == Names{"best-11.safetensors", "last-20.safetensors", "last-30.safetensors", "notes"});
}

TEST_CASE("a file is never written over one that is kept") {
  const TemporaryFolder folder;
  trainer::CheckpointFolder checkpoints(folder.path());
  checkpoints.keep("best", "best-1.safetensors");
  CHECK(checkpoints.write("best", "1", example(8)).file == "best-1-8.safetensors");
  CHECK(checkpoints.write("best", "2", example(9)).file == "best-2.safetensors");
}

TEST_CASE("several files of one name between two prunes lie side by side") {
  const TemporaryFolder folder;
  trainer::CheckpointFolder checkpoints(folder.path());
  std::vector<protocol::Checkpoint> written;
  for (const std::uint64_t step : {7, 9, 8}) written.push_back(checkpoints.write("best", "x", example(step)));
  CHECK(written[0].file == "best-x.safetensors");
  CHECK(written[1].file == "best-x-9.safetensors");
  CHECK(written[2].file == "best-x-8.safetensors");
  for (const protocol::Checkpoint& each : written) CHECK(core::sha256_file(folder.path() / each.file) == each.sha256);
  checkpoints.prune("best", {"best-x-9.safetensors"});
  checkpoints.prune("best", {"best-x-9.safetensors"});
  CHECK(checkpoints.write("best", "x", example(10)).file == "best-x.safetensors");
}

TEST_CASE("a safetensors file has whole numbers for shapes and offsets, and may have an empty tensor") {
  const auto file = [](const std::string& entry) {
    std::string header = "{\"w\":{\"dtype\":\"F32\"," + entry + "}}";
    std::string bytes(8, '\0');
    bytes[0] = static_cast<char>(header.size());
    return bytes + header;
  };
  const trainer::TensorFile empty = trainer::read_safetensors(file(R"("shape":[0,4],"data_offsets":[0,0])"), "here");
  CHECK(empty.tensors.at(0).values.empty());
  for (const char* wrong : {R"("shape":[8.5,2],"data_offsets":[0,64])", R"("shape":[0],"data_offsets":[0.0,0])",
                            R"("shape":[-8,2],"data_offsets":[0,64])", R"("shape":0,"data_offsets":[0,0])"})
    CHECK(message_of([&] { trainer::read_safetensors(file(wrong) + std::string(64, 'x'), "here"); }) ==
          "here: the header's entry for tensor 'w' is malformed");
}

TEST_CASE("a template names a checkpoint by its epoch, its step and its metrics") {
  const auto name = [](std::string_view text, const protocol::NameFields& fields) {
    return protocol::NameTemplate(text, {"val_accuracy", "val_loss"}, "here").render(fields);
  };
  const protocol::NameFields fields{120, 7, {{"val_accuracy", 0.91666}, {"val_loss", 1234.5}}};
  CHECK(name("{epoch:02d}-{val_accuracy:.4f}", fields) == "07-0.9167");
  CHECK(name("e{epoch}_{step:06d}={val_loss:.1e}", fields) == "e7_000120=1.2e+03");
  CHECK(name("{val_loss}", fields) == "1234.5");
  CHECK(name("{epoch:d}{val_accuracy:.2f}", {1, 2, {}}) == "2none");
}

TEST_CASE("a template that names no file, or an unknown field, is refused with what would do") {
  const auto refused = [](std::string_view text) {
    return message_of([&] { protocol::NameTemplate(text, {"val_accuracy"}, "here"); });
  };
  CHECK(refused("") == "here: is not a name of 1 to 100 characters, write one such as {epoch:02d}");
  CHECK(refused("../{epoch}") == "here: has '/' in a file's name, write letters, digits, or one of . _ - + =");
  CHECK(refused("a}") == "here: has '}' in a file's name, write letters, digits, or one of . _ - + =");
  CHECK(refused("{epoch") == "here: has a '{' without '}', close it");
  CHECK(refused("{epch}") == "here: has no '{epch}', did you mean '{epoch}'?");
  CHECK(refused("{epoch:.2f}") == "here: cannot write '{epoch:.2f}', write it as {epoch:02d}");
  CHECK(refused("{val_accuracy:4}") == "here: cannot write '{val_accuracy:4}', write it as {val_accuracy:.4f}");
  CHECK(refused("{val_accuracy:.999f}") == "here: cannot write '{val_accuracy:.999f}', write it as {val_accuracy:.4f}");
  CHECK(refused("{step:999d}") == "here: cannot write '{step:999d}', write it as {step:02d}");
  CHECK(refused("{step:21d}") == "here: cannot write '{step:21d}', write it as {step:02d}");
}

TEST_CASE("whatever a template is and a metric comes to, the name fits a file system") {
  const double largest = std::numeric_limits<double>::max();
  const protocol::NameFields fields{UINT64_MAX, UINT64_MAX, {{"val_r2", -largest}}};
  const auto name = [&](std::string_view text) {
    return protocol::NameTemplate(text, {"val_r2"}, "here").render(fields);
  };
  CHECK(name("{val_r2:.20f}") == "-1.7977e+308");
  CHECK(name("{val_r2:.3e}") == "-1.798e+308");
  std::string longest;
  for (int i = 0; i < 7; ++i) longest += "{val_r2:.20e}";
  CHECK(name(longest).size() < 255 - std::string_view("best--18446744073709551615.safetensors").size());
  for (const char* spec : {"0d", "00d", "000d", "05d", "005d", "20d", "020d"}) {
    std::string text = "{step:" + std::string(spec) + "}";
    try {
      name(text);
    } catch (const core::UserError&) {
    }
  }
}

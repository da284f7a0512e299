// See checkpoint.h.
#include "trainer/checkpoint/checkpoint.h"

#include <algorithm>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "core/files.h"

namespace trainer {
namespace {

using core::Json;

constexpr char kFormat[] = "sweep-checkpoint/1";
constexpr char kExtension[] = ".safetensors";

std::string digest_of(const std::string& state, const std::vector<NamedTensor>& tensors) {
  core::Sha256 digest;
  digest.update(state);
  for (const NamedTensor& tensor : tensors) {
    digest.update(tensor.name + core::canonical_json(tensor.shape));
    digest.update(std::as_bytes(std::span(tensor.values)));
  }
  return digest.hex();
}

Json best_to_json(const Best& best) {
  return {
      {"metric", best.metric}, {"value", best.value}, {"step", best.step}, {"epoch", best.epoch}, {"file", best.file}};
}

Best best_from_json(const Json& json) {
  return {json.at("metric"), json.at("value").get<double>(), json.at("step").get<std::uint64_t>(),
          json.at("epoch").get<std::uint64_t>(), json.at("file").get<std::string>()};
}

std::string metadata(const TensorFile& file, const char* key, std::string_view place) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end())
    throw core::UserError(std::string(place), std::string("is not a checkpoint of this program: no ") + key);
  return found->second;
}

// The fields of two identities that differ, for people.
std::string differing(const Json& a, const Json& b) {
  std::string names;
  for (const auto& [key, value] : a.items())
    if (!b.contains(key) || core::canonical_json(b[key]) != core::canonical_json(value))
      names += (names.empty() ? "" : ", ") + key;
  return names;
}

bool contains(const std::vector<std::string>& files, const std::string& file) {
  return std::find(files.begin(), files.end(), file) != files.end();
}

}  // namespace

std::string encode_checkpoint(const CheckpointState& state) {
  Json json = {{"identity", state.identity}, {"step", state.step}, {"epoch_loss_sum", state.epoch_loss_sum}};
  if (!state.best.empty()) json["best"] = best_to_json(state.best.front());
  for (std::size_t i = 1; i < state.best.size(); ++i) json["other_best"].push_back(best_to_json(state.best[i]));
  if (state.watched) json["watched"] = {{"least", state.watched->least}, {"epoch", state.watched->epoch}};
  const std::string text = core::canonical_json(json);
  return write_safetensors(
      {{{"format", kFormat}, {"state", text}, {"sha256", digest_of(text, state.tensors)}}, state.tensors});
}

CheckpointState decode_checkpoint(std::string_view bytes, std::string_view place) {
  TensorFile file = read_safetensors(bytes, place);
  if (const std::string format = metadata(file, "format", place); format != kFormat)
    throw core::UserError(std::string(place), "is a checkpoint of the form '" + format + "'",
                          std::string("this trainer reads '") + kFormat + "'");
  const std::string text = metadata(file, "state", place);
  const std::string wanted = metadata(file, "sha256", place), found = digest_of(text, file.tensors);
  if (wanted != found)
    throw core::UserError(std::string(place),
                          "is damaged: its contents have SHA-256 " + found + ", it was written with " + wanted);
  try {
    const Json json = core::parse_json(text, place);
    CheckpointState state;
    state.identity = json.at("identity");
    state.step = json.at("step").get<std::uint64_t>();
    state.epoch_loss_sum = json.at("epoch_loss_sum").get<double>();
    if (json.contains("best")) state.best.push_back(best_from_json(json["best"]));
    if (json.contains("other_best"))
      for (const Json& each : json["other_best"]) state.best.push_back(best_from_json(each));
    if (json.contains("watched"))
      state.watched =
          Watched{json["watched"].at("least").get<double>(), json["watched"].at("epoch").get<std::uint64_t>()};
    state.tensors = std::move(file.tensors);
    return state;
  } catch (const Json::exception&) {
    throw core::UserError(std::string(place), "its state lacks a field or has one of the wrong type");
  }
}

CheckpointState load_checkpoint(const std::filesystem::path& file, const Json& identity, std::uint64_t limit_bytes) {
  CheckpointState state = decode_checkpoint(core::read_file(file, limit_bytes), file.string());
  if (const std::string names = differing(identity, state.identity); !names.empty())
    throw core::UserError(file.string(), "belongs to another trial: it differs in " + names,
                          "start this trial without it");
  return state;
}

CheckpointFolder::Kept& CheckpointFolder::kept(std::string_view kind) {
  core::check(kind == kLastKind || kind == kBestKind, "a checkpoint is last or best");
  return kind == kLastKind ? last_ : best_;
}

void CheckpointFolder::keep(std::string_view kind, const std::string& file) { kept(kind).now.push_back(file); }

protocol::Checkpoint CheckpointFolder::write(std::string_view kind, const std::string& name,
                                             const CheckpointState& state) {
  const std::string bytes = encode_checkpoint(state);
  std::string file = std::string(kind) + "-" + name + kExtension;
  Kept& files = kept(kind);
  if (contains(files.now, file) || contains(files.before, file) || contains(files.written, file))
    file = std::string(kind) + "-" + name + "-" + std::to_string(state.step) + kExtension;
  std::error_code error;  // a folder that cannot be made says so when the file is written
  std::filesystem::create_directories(folder_, error);
  core::write_file_durably(folder_ / file, bytes);
  files.written.push_back(file);
  return {state.step, std::string(kind), file, core::sha256_hex(bytes)};
}

void CheckpointFolder::prune(std::string_view kind, const std::vector<std::string>& wanted) {
  Kept& files = kept(kind);
  files.before = std::exchange(files.now, wanted);
  files.written.clear();
  std::error_code error;  // a file that cannot be deleted harms nobody
  for (std::filesystem::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(std::string(kind) + "-") || contains(files.now, name) || contains(files.before, name))
      continue;
    std::error_code ignored;
    std::filesystem::remove(entry->path(), ignored);
  }
}

}  // namespace trainer

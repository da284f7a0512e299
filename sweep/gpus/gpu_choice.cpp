// See gpu_choice.h.
#include "sweep/gpus/gpu_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "core/error.h"

namespace sweep {
namespace {

bool is_digits(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
}

// "007" is 7.
std::string without_zeros(const std::string& digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size() - 1));
}

std::vector<Gpu> with_number(const std::vector<Gpu>& present, const std::string& number) {
  std::vector<Gpu> found;
  for (const Gpu& gpu : present)
    if (gpu.number == number || gpu.number.starts_with(number + ":")) found.push_back(gpu);
  return found;
}

// By UUID of what begins with `word`: an instance, or a GPU with all that it has.
std::vector<Gpu> with_beginning(const std::vector<Gpu>& present, const std::string& word,
                                std::set<std::string>& uuids) {
  std::vector<Gpu> found;
  for (const Gpu& gpu : present) {
    const bool itself = gpu.uuid.starts_with(word);
    if (word.empty() || (!itself && !gpu.card.starts_with(word))) continue;
    uuids.insert(itself ? gpu.uuid : gpu.card);
    found.push_back(gpu);
  }
  return found;
}

std::vector<Gpu> find_gpus(const std::vector<Gpu>& present, const std::string& word) {
  const std::size_t colon = word.find(':');
  if (is_digits(word)) return with_number(present, without_zeros(word));
  if (colon != word.npos && is_digits(word.substr(0, colon)) && is_digits(word.substr(colon + 1)))
    return with_number(present, without_zeros(word.substr(0, colon)) + ":" + without_zeros(word.substr(colon + 1)));
  std::set<std::string> uuids;
  std::vector<Gpu> found = with_beginning(present, word, uuids);
  if (uuids.size() > 1)
    throw core::UserError("--gpus", fmt::format("'{}' is the beginning of {} UUIDs", word, uuids.size()),
                          "write more of one: " + gpu_list_text(found));
  return found;
}

void add_once(const Gpu& gpu, std::vector<Gpu>& chosen) {
  const auto same = [&](const Gpu& other) { return other.uuid == gpu.uuid; };
  if (std::none_of(chosen.begin(), chosen.end(), same)) chosen.push_back(gpu);
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  return first == text.npos ? std::string() : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::vector<Gpu> choose_gpus(const std::vector<Gpu>& present, const std::vector<std::string>& words) {
  std::vector<Gpu> chosen;
  for (const std::string& word : words) {
    const std::vector<Gpu> found = find_gpus(present, trimmed(word));
    if (found.empty())
      throw core::EnvironmentError("--gpus", fmt::format("there is no GPU '{}'", word),
                                   "this machine has " + gpu_list_text(present));
    for (const Gpu& gpu : found) {
      if (!gpu.problem.empty())
        throw core::EnvironmentError("--gpus", fmt::format("{} cannot be used: {}", gpu_name(gpu), gpu.problem),
                                     "choose another");
      add_once(gpu, chosen);
    }
  }
  return chosen;
}

std::vector<Gpu> visible_gpus(const std::vector<Gpu>& present, const std::string& variable) {
  std::vector<Gpu> visible;
  std::istringstream words(variable);
  for (std::string entry; std::getline(words, entry, ',');) {
    const std::string word = trimmed(entry);
    std::set<std::string> uuids;
    const std::vector<Gpu> found =
        is_digits(word) ? with_number(present, without_zeros(word)) : with_beginning(present, word, uuids);
    if (found.empty() || uuids.size() > 1) break;
    add_once(found.front(), visible);
  }
  return visible;
}

std::string gpu_list_text(const std::vector<Gpu>& gpus) {
  std::string text;
  for (const Gpu& gpu : gpus)
    text += fmt::format("{}{} ({}, {})", text.empty() ? "" : ", ", gpu.number, gpu.model, gpu.uuid);
  return text.empty() ? "none" : text;
}

}  // namespace sweep

#include "tests/gpu/ptx_checker.h"

#include <algorithm>
#include <sstream>

namespace tests {
namespace {

using Parts = std::vector<std::string>;

/// The opcode of a line of PTX and its modifiers; empty where the line holds no instruction.
Parts opcode_of(std::string line) {
  line = line.substr(0, line.find("//"));
  std::istringstream words(line);
  std::string word;
  // Braces open inlined scopes, @%p is a guard.
  while (words >> word && (word == "{" || word[0] == '@')) {
  }
  if (!word.empty() && word[0] == '{') word.erase(0, 1);
  if (word.empty() || word[0] == '.' || word.back() == ':') return {};
  word = word.substr(0, word.find(';'));
  Parts parts;
  std::istringstream letters(word);
  for (std::string part; std::getline(letters, part, '.');) parts.push_back(part);
  return parts;
}

bool has(const Parts& parts, const std::string& part) {
  return std::find(parts.begin() + 1, parts.end(), part) != parts.end();
}

bool is_one_of(const std::string& name, std::initializer_list<const char*> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool names_float(const Parts& parts) {
  return std::any_of(parts.begin() + 1, parts.end(), [](const std::string& part) {
    return is_one_of(part, {"f16", "f16x2", "bf16", "bf16x2", "f32", "f32x2", "f64", "tf32"});
  });
}

bool must_round(const Parts& parts) {
  return is_one_of(parts[0], {"add", "sub", "mul", "fma", "mad", "div", "sqrt", "rcp"}) && names_float(parts);
}

/// Why the instruction is not allowed; empty where it is.
std::string reason_against(const Parts& parts) {
  for (const char* modifier : {"approx", "ftz", "full", "sat"}) {
    if (has(parts, modifier) && names_float(parts)) return std::string(".") + modifier + " is not IEEE arithmetic";
  }
  if (must_round(parts) && !has(parts, "rn")) return "no .rn: ptxas may fuse it";
  if (is_one_of(parts[0], {"atom", "red"}) && names_float(parts)) return "an atomic on floats has no order";
  if (is_one_of(parts[0], {"ex2", "lg2", "sin", "cos", "tanh", "rsqrt", "min", "max"}) && names_float(parts)) {
    return "not one of the operations of portable-1";
  }
  if (is_one_of(parts[0], {"mma", "wmma", "wgmma", "tcgen05"})) return "tensor cores add in no stated order";
  return {};
}

}  // namespace

std::vector<PtxFinding> check_ptx(const std::string& ptx) {
  std::vector<PtxFinding> findings;
  std::istringstream lines(ptx);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const Parts parts = opcode_of(line);
    if (parts.empty()) continue;
    const std::string reason = reason_against(parts);
    if (!reason.empty()) findings.push_back({number, line.substr(line.find_first_not_of(" \t")), reason});
  }
  return findings;
}

int count_rounded(const std::string& ptx) {
  int count = 0;
  std::istringstream lines(ptx);
  for (std::string line; std::getline(lines, line);) {
    const Parts parts = opcode_of(line);
    if (!parts.empty() && must_round(parts) && has(parts, "rn")) ++count;
  }
  return count;
}

}  // namespace tests

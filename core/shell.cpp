// See shell.h.
#include "core/shell.h"

namespace core {
namespace {

std::string in_quotes(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string shell_quoted(const std::string& word) {
  constexpr char kPlain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";
  return !word.empty() && word.find_first_not_of(kPlain) == std::string::npos ? word : in_quotes(word);
}

std::string shell_quoted(const std::vector<std::string>& arguments) {
  std::string line;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool sets_a_variable = i == 0 && arguments[i].find('=') != std::string::npos;
    line += (i == 0 ? "" : " ") + (sets_a_variable ? in_quotes(arguments[i]) : shell_quoted(arguments[i]));
  }
  return line;
}

}  // namespace core

// See signature.h.
#include "sweep/study/signature.h"

#include <algorithm>

namespace sweep {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool ends_a_path(char c) { return std::string_view(" \t\"'`,;:()[]{}<>=").find(c) != std::string_view::npos; }

// Ids and addresses: four digits at least, of which one is no letter.
bool is_hex_number(std::string_view word) {
  if (word.starts_with("0x") || word.starts_with("0X")) return true;
  return word.size() >= 4 && std::all_of(word.begin(), word.end(), is_hex) &&
         std::any_of(word.begin(), word.end(), is_digit);
}

// 12, 1.5, 1e-5: how many characters from the digit at `at` on.
std::size_t number_length(std::string_view text, std::size_t at) {
  std::size_t end = at;
  const auto digits = [&] {
    while (end < text.size() && is_digit(text[end])) ++end;
  };
  digits();
  if (end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1])) {
    ++end;
    digits();
  }
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    std::size_t exponent = end + 1;
    if (exponent < text.size() && (text[exponent] == '-' || text[exponent] == '+')) ++exponent;
    if (exponent < text.size() && is_digit(text[exponent])) {
      end = exponent;
      digits();
    }
  }
  return end - at;
}

}  // namespace

std::string failure_signature(protocol::Outcome outcome, std::string_view detail) {
  std::string signature(protocol::name(outcome));
  signature += ": ";
  for (std::size_t at = 0; at < detail.size();) {
    const std::string_view rest = detail.substr(at);
    const auto run = [&](auto belongs) {
      return static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), belongs) - rest.begin());
    };
    const std::string_view path = rest.substr(0, run([](char c) { return !ends_a_path(c); }));
    const std::string_view word = rest.substr(0, run([](char c) { return is_letter(c) || is_digit(c); }));
    const bool begins = at == 0 || (!is_letter(detail[at - 1]) && !is_digit(detail[at - 1]));
    if (begins && path.size() > 1 && path.find('/') != std::string_view::npos) {
      signature += "PATH";
      at += path.size();
    } else if (begins && is_hex_number(word)) {
      signature += 'N';
      at += word.size();
    } else if (is_digit(detail[at])) {
      signature += 'N';
      at += number_length(detail, at);
    } else {
      signature += detail[at++];
    }
  }
  return signature;
}

}  // namespace sweep

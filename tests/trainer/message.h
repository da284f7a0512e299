// The text of the UserError that `action` throws, or "no error".
#pragma once

#include <functional>
#include <string>

#include "core/error.h"

inline std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "no error";
}

/// `text` with every `what` taken out, such as the name of a temporary folder.
inline std::string without(const std::string& what, const std::string& text) {
  std::string rest;
  std::size_t at = 0;
  for (std::size_t found; (found = text.find(what, at)) != std::string::npos; at = found + what.size())
    rest += text.substr(at, found - at);
  return rest + text.substr(at);
}

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

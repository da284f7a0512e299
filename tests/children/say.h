// What a tiny trainer needs to speak the protocol. Each child in this folder misbehaves in one way, or in none.
#pragma once

#include <cstdio>
#include <cstdlib>

/// Writes one line to SWEEP_EVENTS; the format as for printf.
#define SAY(...)                                                  \
  do {                                                            \
    std::FILE* to = std::fopen(std::getenv("SWEEP_EVENTS"), "a"); \
    if (to == nullptr) std::exit(9);                              \
    std::fprintf(to, __VA_ARGS__);                                \
    std::fputc('\n', to);                                         \
    std::fclose(to);                                              \
  } while (false)

// A clock that stands still.
#pragma once

#include "sweep/dispatch/clock.h"

struct FakeClock : sweep::Clock {
  std::int64_t unix_ms() const override { return 1'000'000; }
  double seconds() const override { return 5.0; }
};

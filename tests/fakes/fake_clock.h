// A clock that stands still, unless a test moves it.
#pragma once

#include "sweep/dispatch/clock.h"

struct FakeClock : sweep::Clock {
  std::int64_t unix_ms() const override { return 1'000'000; }
  double seconds() const override { return now_s; }
  double now_s = 5.0;
};

// The only clock of the controller, passed in so that tests can hold it.
#pragma once

#include <cstdint>

namespace sweep {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t unix_ms() const = 0;
  virtual double seconds() const = 0;  ///< since some moment; never goes back
};

class SystemClock : public Clock {
 public:
  std::int64_t unix_ms() const override;
  double seconds() const override;
};

}  // namespace sweep

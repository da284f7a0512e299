// A value that is empty most of the time and of which there are very many: eight bytes then, whatever its type. Used by
// sweep/study, whose trials are kept by the hundred thousand.
#pragma once

#include <memory>
#include <utility>

namespace core {

/// A container of type T, on the heap where it is not empty. Copies are deep. Read through * and ->, changed as a
/// whole.
template <class T>
class Rare {
 public:
  Rare() = default;
  Rare(T value) { *this = std::move(value); }  // NOLINT: a value of T is one
  Rare(const Rare& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Rare(Rare&&) noexcept = default;
  ~Rare() = default;
  Rare& operator=(const Rare& other) { return *this = Rare(other); }
  Rare& operator=(Rare&&) noexcept = default;
  Rare& operator=(T value) {
    value_ = value.empty() ? nullptr : std::make_unique<T>(std::move(value));
    return *this;
  }

  const T& operator*() const {
    static const T none;
    return value_ ? *value_ : none;
  }
  const T* operator->() const { return &**this; }
  void clear() { value_.reset(); }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace core

// A sum of terms in each of the orders of SumOrder. Callers: sum_orders_*.cpp.
#pragma once

#include <algorithm>

#include "core/error.h"
#include "kernels/hypotheses/other_backend.h"

namespace kernels::hypotheses {

/// step(sum, i) is the sum with term i added, for a float and for a double.
template <class Step>
class Summation {
 public:
  Summation(SumOrder order, int count, Step step) : order_(order), count_(count), step_(step) {}

  float value() const {
    switch (order_) {
      case SumOrder::kAscending:
        return range(0, count_, 1);
      case SumOrder::kDescending:
        return descending();
      case SumOrder::kPairwise:
        return count_ == 0 ? 0.0f : pairwise(0, count_);
      case SumOrder::kChunks64:
        return chunks(64);
      case SumOrder::kChunks128:
        return chunks(128);
      case SumOrder::kChunks512:
        return chunks(512);
      case SumOrder::kChunks1024:
        return chunks(1024);
      case SumOrder::kLanes4:
        return lanes(4);
      case SumOrder::kLanes8:
        return lanes(8);
      case SumOrder::kLanes16:
        return lanes(16);
      case SumOrder::kLanes32:
        return lanes(32);
      case SumOrder::kDouble:
        return in_double();
      case SumOrder::kRule:
      case SumOrder::kUnfused:  // the step is another one, the order is the rule's
        return chunks(kChunk);
    }
    core::check(false, "a sum without an order");
    return 0.0f;
  }

 private:
  float range(int first, int last, int stride) const {
    float sum = 0.0f;
    for (int i = first; i < last; i += stride) sum = step_(sum, i);
    return sum;
  }
  float descending() const {
    float sum = 0.0f;
    for (int i = count_; i-- > 0;) sum = step_(sum, i);
    return sum;
  }
  float pairwise(int first, int last) const {
    if (last - first == 1) return range(first, last, 1);
    const int middle = first + (last - first) / 2;
    return pairwise(first, middle) + pairwise(middle, last);
  }
  float chunks(int size) const {
    float total = 0.0f;
    for (int i = 0; i < count_;) {
      float group = 0.0f;
      for (int chunk = 0; chunk < kGroup && i < count_; ++chunk) {
        const int end = std::min(count_, i + size);
        group = group + range(i, end, 1);
        i = end;
      }
      total = total + group;
    }
    return total;
  }
  float lanes(int number) const {
    float lane[kLanes];
    for (int l = 0; l < number; ++l) lane[l] = range(l, count_, number);
    for (int width = number / 2; width > 0; width /= 2)
      for (int l = 0; l < width; ++l) lane[l] = lane[l] + lane[l + width];
    return lane[0];
  }
  float in_double() const {
    double sum = 0.0;
    for (int i = 0; i < count_; ++i) sum = step_(sum, i);
    return static_cast<float>(sum);
  }

  SumOrder order_;
  int count_;
  Step step_;
};

/// Σ term(i) over i < count, in that order.
template <class Term>
float sum_of(SumOrder order, int count, Term term) {
  const auto step = [&](auto sum, int i) { return sum + static_cast<decltype(sum)>(term(i)); };
  return Summation(order, count, step).value();
}

/// Σ a(i)·b(i), with fma but for kUnfused.
template <class A, class B>
float dot_of(SumOrder order, int count, A a, B b) {
  if (order == SumOrder::kUnfused) return sum_of(order, count, [&](int i) { return a(i) * b(i); });
  const auto step = [&](auto sum, int i) {
    using Number = decltype(sum);
    if constexpr (sizeof(Number) == sizeof(float))
      return __builtin_fmaf(a(i), b(i), sum);
    else
      return sum + static_cast<Number>(a(i)) * static_cast<Number>(b(i));
  };
  return Summation(order, count, step).value();
}

}  // namespace kernels::hypotheses

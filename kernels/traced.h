// A table that tells a listener what each op of a training step has written, once it has written it. Callers:
// trainer/locate/, which names and digests it, so that two programs can be compared op by op. It changes no number.
#pragma once

#include <cstddef>
#include <initializer_list>

#include "kernels/interposed.h"

namespace kernels {

/// One array that an op wrote. Device memory of the inner back end.
struct Written {
  const char* op;    ///< as in the table: "gemm"
  const char* what;  ///< which of the op's results; empty where it has one
  const void* data;
  std::size_t rows, columns;  ///< of 4-byte elements; columns is the last dimension
  bool is_float;              ///< else integers

  std::size_t count() const { return rows * columns; }
};

class TraceListener {
 public:
  virtual ~TraceListener() = default;
  /// `near`: what the op read and wrote beside it, null pointers among them; a listener that knows the tensors of a
  /// network tells from it whose op it was.
  virtual void wrote(const Written& written, std::initializer_list<const void*> near) = 0;
};

class TracedContext final : public InterposedContext {
 public:
  TracedContext(const Backend& its_inner, Context& its_inner_context, TraceListener& its_listener)
      : InterposedContext(its_inner, its_inner_context), listener(its_listener) {}

  TraceListener& listener;
};

/// The table for a TracedContext. Ops that are no part of a training step are handed on without a word.
const Backend& traced_backend();

}  // namespace kernels

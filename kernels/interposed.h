// A back end that stands in front of another one: a context that knows the other's table and context, and a table whose
// every op is handed on. Whoever wants to see or to change an op replaces that entry. Callers: traced.cpp, hypotheses/,
// tests. No training of a sweep runs through it. It refuses to record: an entry that was replaced acts when it is
// called, and a recording would hold what it did once.
#pragma once

#include <type_traits>

#include "kernels/backends.h"

namespace kernels {

/// The context of an interposed table. `inner` and `inner_context` must outlive it.
class InterposedContext : public Context {
 public:
  InterposedContext(const Backend& its_inner, Context& its_inner_context)
      : inner(its_inner), inner_context(its_inner_context) {}

  std::string describe() const override { return inner_context.describe(); }

  const Backend& inner;
  Context& inner_context;
};

/// The interposed context behind `context`. Errors: check() where it is another one.
InterposedContext& interposed(Context& context);

/// The table that hands on every op, called "interposed".
const Backend& forwarding_backend();

/// What an entry does that hands on: the same function of the inner table, on the inner context; false where the inner
/// table has none.
template <auto kMember>
struct Forward;
template <class Result, class... Arguments, Result (*Backend::*kMember)(Context&, Arguments...)>
struct Forward<kMember> {
  static Result call(Context& context, Arguments... arguments) {
    InterposedContext& front = interposed(context);
    if constexpr (std::is_same_v<Result, bool>)
      if (front.inner.*kMember == nullptr) return false;
    return (front.inner.*kMember)(front.inner_context, arguments...);
  }
};

}  // namespace kernels

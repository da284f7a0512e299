// Where a sequence of layers lets the gradients between them lie, seen by layers that compute nothing.
#include "trainer/nn/sequential.h"

#include <memory>
#include <vector>

#include "tests/catch.h"

namespace {

using trainer::Builder;
using trainer::Pass;
using trainer::Sequential;
using trainer::Shape;

constexpr Shape kShape{2, 2, 3};

struct Traits {
  bool over_input = false, replaceable = false, in_place = false;
};

/// Remembers what its backward was given.
class Probe final : public trainer::Layer {
 public:
  Probe(Builder& builder, Traits traits) : traits_(traits), out_(builder.results(kShape)) {}

  Shape output() const override { return kShape; }
  const float* forward(const Pass&, const float*) override { return out_.data(); }
  void backward(const Pass&, const float*, const float* gradient, float* in_gradient) override {
    given = gradient;
    wanted = in_gradient;
  }
  bool goes_back_in_place() const override { return traits_.in_place; }
  bool goes_back_over_input() const override { return traits_.over_input; }
  float* replaceable_output() override { return traits_.replaceable ? out_.data() : nullptr; }

  const float* out() const { return out_.data(); }

  const float* given = nullptr;
  float* wanted = nullptr;

 private:
  Traits traits_;
  kernels::Buffer<float> out_;
};

/// Goes there and back through layers of these traits, the first one first.
struct Passage {
  explicit Passage(const std::vector<Traits>& traits) {
    for (const Traits& one : traits) layers.push_back(&sequence.add<Probe>(builder, one));
    sequence.finish(builder);
    builder.allocate_shared();
    sequence.forward(Pass{}, &in);
    sequence.backward(Pass{}, &in, &gradient, nullptr);
  }

  std::unique_ptr<kernels::Context> context = kernels::make_cpu_context(1);
  Builder builder{kernels::cpu_backend(), *context, 4, 4, "config.batch_size", {}};
  Sequential sequence{kShape};
  std::vector<Probe*> layers;
  float in = 0.0f, gradient = 0.0f;
};

}  // namespace

TEST_CASE("a gradient lies over the output below it where both layers allow it, and nowhere else") {
  for (const bool over_input : {false, true}) {
    for (const bool replaceable : {false, true}) {
      const Passage made({{}, {.replaceable = replaceable}, {.over_input = over_input}, {}});
      const Probe &below = *made.layers[1], &above = *made.layers[2];
      CHECK((above.wanted == below.out()) == (over_input && replaceable));
      CHECK(below.given == above.wanted);
      CHECK(above.wanted != nullptr);
    }
  }
}

TEST_CASE("a layer that does not go back in place has its two gradients apart, whatever lies over outputs") {
  for (const bool over_input : {false, true}) {
    for (const bool in_place : {false, true}) {
      const Passage made({{},
                          {.in_place = in_place},
                          {.replaceable = true},
                          {.over_input = over_input, .replaceable = true},
                          {.over_input = over_input, .in_place = in_place},
                          {}});
      for (std::size_t l = 1; l < made.layers.size(); ++l) {
        const Probe& layer = *made.layers[l];
        const bool may_share = in_place && (l == 1 || l == 4);
        CHECK((may_share || layer.given != layer.wanted));
        for (const Probe* other : made.layers)
          if (other != made.layers[l - 1]) CHECK(layer.wanted != other->out());
      }
    }
  }
}

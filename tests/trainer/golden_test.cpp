// Digests of short trainings: what portable-1 is, in the words of whole trainings. A change here is another arithmetic.
#include <utility>

#include "tests/catch.h"
#include "tests/trainer/training_bench.h"

namespace {

struct Golden {
  core::Json change;  ///< of small_config()
  const char* weights_sha256;
};

std::string final_weights(const core::Json& change) {
  Bench bench;
  bench.config = small_config();
  bench.config.update(change);
  REQUIRE(bench.start().run() == trainer::Ending::kFinished);
  return std::get<protocol::Finished>(bench.events.back().body).weights_sha256;
}

}  // namespace

TEST_CASE("a short training of each optimizer ends with the weights that it always had") {
  const std::vector<Golden> all = {
      {{{"optimizer", "sgd"}, {"weight_decay", 0.01}},
       "2b19fbd80e764acc4c274a1181404627cbd805c491e8026979265b5a44491495"},
      {{{"optimizer", "adam"}, {"weight_decay", 0.01}},
       "db303f27b5b8c9fbfc73879287451301a4301aaff7b5bb7305fecd3dd7c44505"},
      {{{"optimizer", "adamw"}, {"weight_decay", 0.01}, {"schedule", "constant"}, {"activation", "gelu"}},
       "bfcdf67212e540a0893280ccd425ffc4e22500d06d354e0c359919cacd4e9b37"},
      {{{"optimizer", "rmsprop"}, {"momentum", 0.5}, {"schedule", "onecycle"}, {"clip_norm", 0.5}},
       "1fddd1543891160bc3cb979ef5f578ed7908677221e9527f1cfa44b1167ca1af"},
      {{{"optimizer", "lion"}, {"weight_decay", 0.1}, {"schedule", "step"}, {"label_smoothing", 0.1}},
       "eb82e09fa916769e04fcdd3cc6c4a2277cf14409d62e2701fa7169ebb78961ea"},
      {{{"optimizer", "sgd"}, {"nesterov", true}, {"schedule", "linear"}, {"noise", 0.1}, {"drop_last", true}},
       "6e0f4bb202d0b228857193ee33283e84cae9ce478da687ad885bfd43906f414f"},
  };
  for (const Golden& golden : all) {
    INFO(golden.change.dump());
    CHECK(final_weights(golden.change) == golden.weights_sha256);
  }
}

// See early_terminate.h.
#include "sweep/spec/early_terminate.h"

#include <array>

namespace sweep {
namespace {

constexpr std::array kKeys = {
    Key{"type"}, Key{"min_iter"}, Key{"max_iter"}, Key{"s"}, Key{"eta"}, Key{"strict"},
};

// The bands, as far as the keys decide them.
void check_bands(Reading& reading, const Member& member, double eta) {
  const Member* min_iter = member.value.find("min_iter");
  const Member* max_iter = member.value.find("max_iter");
  const Member* s = member.value.find("s");
  const auto count = [&](const Member* key) { return key ? reading.count(*key, 1) : std::nullopt; };
  count(min_iter);
  const auto last = count(max_iter);
  count(s);
  if (!min_iter && !max_iter)
    reading.error(member.mark, "'early_terminate' says nowhere where its bands lie",
                  "write 'min_iter', or 'max_iter' and 's'");
  if (max_iter && !s)
    reading.error(max_iter->mark, "'max_iter' needs 's', the number of bands", "write it, or 'min_iter'");
  if (s && !max_iter) reading.warn(s->mark, "'s' goes with 'max_iter' and has no influence here");
  if (min_iter && max_iter) reading.warn(min_iter->mark, "'min_iter' has no influence beside 'max_iter'");
  if (last && static_cast<double>(*last) < eta)
    reading.error(max_iter->value.mark, "the first band, 'max_iter' / 'eta', lies before the first iteration",
                  "write a larger 'max_iter' or a smaller 'eta'");
}

}  // namespace

void check_early_terminate(Reading& reading, const Member& member, bool ignored, bool ranked) {
  if (!reading.expect_object(member)) return;
  const Node& object = member.value;
  reading.check_keys(object, kKeys, "in 'early_terminate'");
  if (const Member* type = object.find("type")) {
    reading.word(*type, std::array<std::string, 1>{"hyperband"}, "way to end trials early");
  } else {
    reading.error(member.mark, "'early_terminate' has no 'type'", "write hyperband");
  }
  double eta = 3;
  if (const Member* key = object.find("eta")) {
    const auto number = reading.number(*key);
    if (number && *number <= 1)
      reading.error(key->value.mark, "'eta' must be greater than 1, is " + key->value.describe());
    if (number && *number > 1) eta = *number;
  }
  if (const Member* strict = object.find("strict")) reading.truth(*strict);
  check_bands(reading, member, eta);
  if (!ranked)
    reading.error(member.mark, "'early_terminate' compares trials by a metric, and there is none", "write 'metric'");
  if (ignored) {
    reading.warn(member.mark, "the key 'early_terminate' is ignored", "every trial runs to its end");
  } else {
    reading.error(member.mark, "the key 'early_terminate' is not supported yet",
                  "remove it, or run with --ignore-early-terminate");
  }
}

}  // namespace sweep

// What a replay's verdict says, and what it looks at.
#include "sweep/replay/compare.h"

#include <cmath>
#include <limits>

#include "sweep/study/printed.h"
#include "tests/catch.h"
#include "tests/sweep/replay/streams.h"

using core::Json;
using protocol::Event;
using protocol::MetricValues;
using protocol::Outcome;
using protocol::Trace;
using namespace streams;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("the same events are identical, and what was compared is counted") {
  const Comparison comparison = compare(record({whole()}), whole());
  CHECK(texts(comparison) == "identical");
  CHECK(comparison.compared.steps == 12);
  CHECK(comparison.compared.tensors == 2);
  CHECK(comparison.compared.fingerprints == 36);
  CHECK(comparison.compared.metrics == 6);
  CHECK(comparison.compared.digests == 1);
  CHECK(exit_code(comparison.verdict) == 0);
}

TEST_CASE("one bit of one weight's fingerprint is a difference, and the step and tensor are named") {
  for (const int bit : {0, 31, 63}) {
    Stream recorded = whole();
    body<Trace>(recorded, 3).weights[5] ^= std::uint64_t{1} << bit;  // step 7, fc1.bias
    const Comparison comparison = compare(record({recorded}), whole());
    REQUIRE(comparison.differences.size() == 1);
    CHECK(comparison.differences[0].step == 7);
    CHECK(comparison.differences[0].what == "weights of fc1.bias");
    CHECK(exit_code(comparison.verdict) == 3);
  }
  Stream recorded = whole();
  body<Trace>(recorded, 3).weights[5] ^= 1;
  CHECK(texts(compare(record({recorded}), whole())) ==
        "different\nstep 7: weights of fc1.bias: recorded 0x00000000000007d6, replayed 0x00000000000007d7");
}

TEST_CASE("a batch that differs is named before the weights that it changed") {
  Stream recorded = whole();
  body<Trace>(recorded, 1).batch[2] ^= 1;
  body<Trace>(recorded, 1).weights[4] ^= 1;
  CHECK(texts(compare(record({recorded}), whole())) ==
        "different\nstep 3: batch: recorded 0x0000000000000bba, replayed 0x0000000000000bbb");
}

TEST_CASE("a tensor of another name is a difference, though its fingerprint is the same") {
  Stream recorded = whole();
  body<Trace>(recorded, 1).tensors[1] = "fc2.bias";
  CHECK(texts(compare(record({recorded}), whole())) ==
        "different\nstep 1: names of the tensors: recorded [\"fc1.weight\",\"fc2.bias\"], replayed "
        "[\"fc1.weight\",\"fc1.bias\"]");
}

TEST_CASE("a metric that differs is shown exactly, in both forms, with its distance") {
  Stream recorded = whole();
  body<MetricValues>(recorded, 4).values["val_loss"] = std::nextafter(0.125, 1.0);
  CHECK(texts(compare(record({recorded}), whole())) ==
        "different\nstep 8: metric val_loss: recorded 0.12500000000000003 (0x1.0000000000001p-3), "
        "replayed 0.125 (0x1p-3), 1 ulp apart");
}

TEST_CASE("zero and minus zero are different") {
  Stream recorded = whole(), replayed = whole();
  body<MetricValues>(recorded, 2).values["val_loss"] = 0.0;
  body<MetricValues>(replayed, 2).values["val_loss"] = -0.0;
  CHECK(
      texts(compare(record({recorded}), replayed)) ==
      "different\nstep 4: metric val_loss: recorded 0.0 (0x0p+0), replayed -0.0 (-0x0p+0), apart in the sign of zero");
}

TEST_CASE("metrics that are not finite are equal to themselves and to nothing else") {
  Stream recorded = whole();
  body<MetricValues>(recorded, 2).values["val_loss"] = kNan;
  CHECK(texts(compare(record({recorded}), recorded)) == "identical");
  CHECK(texts(compare(record({recorded}), whole())) ==
        "different\nstep 4: metric val_loss: recorded nan, replayed 0.25 (0x1p-2)");
  body<MetricValues>(recorded, 2).values["val_loss"] = std::numeric_limits<double>::infinity();
  CHECK(texts(compare(record({recorded}), recorded)) == "identical");
}

TEST_CASE("events that are missing or too many are differences") {
  Stream fewer = Stream().start().epoch(1).epoch(2).finish(8);
  const Comparison less = compare(record({whole()}), fewer, true);
  CHECK(texts(less) ==
        "different\n"
        "step 9: fingerprints: recorded present, replayed absent\n"
        "step 12: metric val_accuracy: recorded 0.5 (0x1p-1), replayed absent\n"
        "step 12: metric val_loss: recorded 0.08333333333333333 (0x1.5555555555555p-4), replayed absent\n"
        "step 12: last step: recorded 12, replayed 8");
  const Comparison more = compare(record({fewer}), whole());
  CHECK(texts(more) == "different\nstep 9: fingerprints: recorded absent, replayed present");

  Stream no_metric = whole();
  body<MetricValues>(no_metric, 4).values.erase("val_accuracy");
  CHECK(texts(compare(record({whole()}), no_metric)) ==
        "different\nstep 8: metric val_accuracy: recorded 0.5 (0x1p-1), replayed absent");
  CHECK(texts(compare(record({no_metric}), whole())) ==
        "different\nstep 8: metric val_accuracy: recorded absent, replayed 0.5 (0x1p-1)");
}

TEST_CASE("the digest of the final weights counts") {
  const Stream other = Stream().start().epoch(1).epoch(2).epoch(3).finish(12, "07he4");
  CHECK(texts(compare(record({whole()}), other)) ==
        "different\nstep 12: weights_sha256: recorded d1ge57, replayed 07he4");
}

TEST_CASE("how events were cut into lines makes no difference") {
  Stream other = Stream().start();
  other.say(trace(1, 1)).say(trace(2, 7)).say(metrics(4)).say(trace(8, 12)).say(metrics(8)).say(metrics(12)).finish(12);
  CHECK(texts(compare(record({whole()}), other)) == "identical");
  CHECK(texts(compare(record({other}), whole())) == "identical");
}

TEST_CASE("checkpoints and unknown events are not compared") {
  Stream other = whole();
  other.say(protocol::Checkpoint{12, "last", "last-12", "abc"}).say(protocol::OtherEvent{"progress"});
  CHECK(texts(compare(record({whole()}), other)) == "identical");
}

TEST_CASE("of an interrupted trial the last attempt counts, continued backwards from where it went on") {
  // Attempt 0 came to step 12 and was killed; attempt 1 went on from step 6. What attempt 0 did after 6 counts no more,
  // however its lines were cut.
  Stream first = Stream().start().epoch(1).epoch(2).epoch(3);
  body<Trace>(first, 3).weights[5] = 99;  // step 7
  body<Trace>(first, 5).weights[0] = 99;  // step 9
  body<MetricValues>(first, 6).values["val_loss"] = 99;
  body<MetricValues>(first, 6).values["another"] = 99;
  const Stream second =
      Stream().start(6).say(trace(7, 10)).say(metrics(8)).say(trace(11, 12)).say(metrics(12)).finish(12);
  const TrialRecord recorded = record({first, second});
  const Comparison comparison = compare(recorded, whole());
  CHECK(texts(comparison) == "identical");
  CHECK(comparison.compared.steps == 12);
  CHECK(comparison.compared.metrics == 6);
}

TEST_CASE("an attempt that goes back further than the one before it drops more") {
  Stream second = Stream().start(8).say(trace(9, 10));
  body<Trace>(second, 1).weights[0] = 99;
  const Stream third = Stream().start(4).epoch(2).epoch(3).finish(12);
  CHECK(texts(compare(record({Stream().start().epoch(1).epoch(2), second, third}), whole())) == "identical");
}

TEST_CASE("the first difference is the earliest step, not the first to arrive") {
  // A trainer may send a metric before the fingerprints of the steps that led to it.
  Stream replayed = Stream().start().say(metrics(4)).say(trace(1, 4)).epoch(2).epoch(3).finish(12);
  body<MetricValues>(replayed, 1).values["val_loss"] = 7;
  body<Trace>(replayed, 2).weights[2] ^= 1;  // step 2
  const Comparison comparison = compare(record({whole()}), replayed);
  CHECK(texts(comparison) ==
        "different\nstep 2: weights of fc1.weight: recorded 0x00000000000003ea, replayed 0x00000000000003eb");
}

TEST_CASE("a replay stops at the first difference unless all are asked for") {
  Stream replayed = whole();
  body<Trace>(replayed, 1).weights[0] ^= 1;
  body<Trace>(replayed, 5).weights[0] ^= 1;
  Comparator comparator(record({whole()}), false);
  CHECK(comparator.add(replayed.events[0]));
  CHECK_FALSE(comparator.add(replayed.events[1]));
  CHECK(compare(record({whole()}), replayed, true).differences.size() == 2);
}

TEST_CASE("another trainer forbids any claim") {
  Stream other = whole();
  body<protocol::Started>(other, 0).trainer = "sweep-trainer/1:def";
  const Comparison comparison = compare(record({whole()}), other);
  CHECK(texts(comparison) == "not comparable\ntrainer: recorded sweep-trainer/1:abc, replayed sweep-trainer/1:def");
  CHECK(exit_code(comparison.verdict) == 4);
}

TEST_CASE("portable arithmetic is comparable across machines, other arithmetic is not") {
  Stream other = whole();
  body<protocol::Started>(other, 0).environment = {{"cpu", "B"}, {"gpu", {{"name", "H"}, {"uuid", "2"}}}};
  TrialRecord fast = record({whole()});
  fast.environment = {{"cpu", "A"}, {"gpu", {{"name", "G"}, {"uuid", "1"}}}};
  CHECK(texts(compare(fast, other)) == "identical");
  fast.numerics = "fast-1";
  CHECK(texts(compare(fast, other)) == "not comparable\ngpu.name: recorded \"G\", replayed \"H\"");
  CHECK(compare(fast, other).needed == "gpu.name \"G\"");
}

TEST_CASE("under fast-1 each part of the class of device forbids a claim where it is another one") {
  const Json device = {{"gpu", "H"},       {"compute_capability", "9.0"}, {"multiprocessors", 132},
                       {"driver", "13.0"}, {"cudnn", "cudnn 9.19.0"},     {"cublaslt", "cublaslt 13.1.0"}};
  for (const auto& [part, value] : device.items()) {
    TrialRecord fast = record({whole()});
    fast.numerics = "fast-1";
    fast.environment = {{"fast", device}};
    Stream other = whole();
    Json present = device;
    present[part] = "another";
    body<protocol::Started>(other, 0).environment = {{"fast", device}};
    CHECK(texts(compare(fast, other)) == "identical");
    body<protocol::Started>(other, 0).environment = {{"fast", present}};
    CHECK(texts(compare(fast, other)) ==
          "not comparable\nfast." + part + ": recorded " + core::canonical_json(value) + ", replayed \"another\"");
  }
}

TEST_CASE("a recorded algorithm that cannot be rebuilt makes a replay not comparable, with operation and versions") {
  Stream other = whole();
  other.events.insert(other.events.begin() + 1,
                      {1,
                       protocol::OtherEvent{"not_comparable"},
                       {{"operation", "conv2d n1"}, {"recorded", "cudnn 9.19.0 eng1"}, {"present", "cudnn 9.20.0"}}});
  const Comparison comparison = compare(record({whole()}), other);
  CHECK(texts(comparison) ==
        "not comparable\nalgorithm of conv2d n1: recorded cudnn 9.19.0 eng1, replayed cudnn 9.20.0");
  CHECK(comparison.needed == "algorithm of conv2d n1 cudnn 9.19.0 eng1");
}

TEST_CASE("the record keeps each operation's algorithm, and a replay by another one is not comparable") {
  const auto with = [](const char* algorithm) {
    Stream stream = whole();
    const Json choice = {{"operation", "gemm nt"}, {"algorithm", algorithm}};
    stream.events.insert(
        stream.events.begin() + 2,
        {2, protocol::OtherEvent{"algorithms"}, {{"choices", Json::array({choice, 3, Json::object()})}}});
    return stream;
  };
  const TrialRecord recorded = record({with("00ff")});
  REQUIRE(recorded.algorithms.size() == 1);
  CHECK(recorded.algorithms.at("gemm nt").at("algorithm") == "00ff");
  CHECK(texts(compare(recorded, with("00ff"))) == "identical");
  CHECK(texts(compare(record({whole()}), with("00ff"))) == "identical");
  CHECK(texts(compare(recorded, with("01ff"))) ==
        "not comparable\nalgorithm of gemm nt: recorded {\"algorithm\":\"00ff\",\"operation\":\"gemm nt\"}, replayed "
        "{\"algorithm\":\"01ff\",\"operation\":\"gemm nt\"}");
}

TEST_CASE("a replay that trained on other data is different, whatever its numbers are") {
  Stream other = whole();
  body<protocol::Started>(other, 0).environment = {{"data", {{"split_sha256", "b"}}}};
  TrialRecord recorded = record({whole()});
  recorded.environment = {{"data", {{"split_sha256", "a"}}}};
  CHECK(texts(compare(recorded, other)) == "different\nstep 0: data.split_sha256: recorded \"a\", replayed \"b\"");
  recorded.environment = core::Json::object();
  CHECK(texts(compare(recorded, other)) == "identical");
}

TEST_CASE("a record without metrics, fingerprints and digest cannot be compared") {
  const Stream nothing = Stream().start();
  CHECK(texts(compare(record({nothing}), nothing)) ==
        "not comparable\nthe record holds no metric, no fingerprint and no digest");
}

TEST_CASE("a replay that did not come to its end is incomplete, unless it had differed by then") {
  Stream part = Stream().start().epoch(1);
  const Comparison comparison = compare(record({whole()}), part, false, Outcome::kKilled);
  CHECK(texts(comparison) == "incomplete\nthe replay ended as killed");
  CHECK(exit_code(comparison.verdict) == 1);
  body<Trace>(part, 1).weights[0] ^= 1;
  CHECK(compare(record({whole()}), part, false, Outcome::kKilled).verdict == Verdict::kDifferent);
}

TEST_CASE("a trial that has not ended is compared as far as it came, which is incomplete") {
  const Comparison comparison = compare(record({Stream().start().epoch(1)}, std::nullopt), whole());
  CHECK(texts(comparison) == "incomplete\nthe recorded trial has not ended: only what it did so far was compared");
  CHECK(comparison.compared.steps == 4);
  Comparator comparator(record({Stream().start().epoch(1)}, std::nullopt), false);
  const Stream replayed = whole();
  for (std::size_t i = 0; i < 3; ++i) CHECK(comparator.add(replayed.events[i]));
  CHECK_FALSE(comparator.add(replayed.events[3]));  // steps that the record does not have: nothing more to learn
}

TEST_CASE("a trial that was stopped because its attempts disagreed is compared as far as it came") {
  TrialRecord cut = record({Stream().start().say(trace(1, 4))}, Outcome::kFailed);
  cut.cut = true;
  const Stream longer = Stream().start().say(trace(1, 8)).say(metrics(8)).epoch(3).finish(12);
  CHECK(texts(compare(cut, longer)) ==
        "incomplete\nthe recorded trial ended as failed: only what it did so far was compared");
  Stream other = longer;
  body<Trace>(other, 1).weights[2] ^= 1;
  CHECK(compare(cut, other).verdict == Verdict::kDifferent);
}

TEST_CASE("printed metrics are compared where the record is of such, and dropped once the program speaks itself") {
  const auto printed = [](std::uint64_t step, double value) {
    return sweep::marked_as_printed({step - 1, MetricValues{step, {}, {{"loss", value}}}, {}});
  };
  Stream prints, speaks;
  prints.events = {printed(1, 0.5), printed(2, 0.25)};
  CHECK(texts(compare(record({prints}), prints)) == "identical");
  Stream other = prints;
  body<MetricValues>(other, 1).values["loss"] = 0.75;
  CHECK(texts(compare(record({prints}), other)) ==
        "different\nstep 2: metric loss: recorded 0.25 (0x1p-2), replayed 0.75 (0x1.8p-1), 6755399441055744 ulp "
        "apart");

  speaks.events = {printed(1, 7.0)};
  for (const Event& event : whole().events) speaks.events.push_back(event);
  const TrialRecord spoken = record({speaks});
  CHECK_FALSE(spoken.printed);
  CHECK(spoken.metrics == record({whole()}).metrics);
  CHECK(texts(compare(spoken, speaks)) == "identical");
  CHECK(texts(compare(record({whole()}), speaks)) == "identical");
  CHECK(texts(compare(record({Stream().start().finish(1)}), prints)).starts_with("different\nstep 1: metric loss"));
}

TEST_CASE("a replay that fails where the record did not is incomplete") {
  Comparator comparator(record({whole()}), false);
  CHECK(texts(comparator.finish(Outcome::kFailed, "exit code 4: disk full")) ==
        "incomplete\nthe replay ended as failed: exit code 4: disk full");
}

TEST_CASE("fingerprints that a program of the user's sends are compared by step and name") {
  const auto sends = [](std::uint64_t seq, std::uint64_t step, Json values) {
    return Event{seq, protocol::OtherEvent{"fingerprint"}, {{"step", step}, {"values", std::move(values)}}};
  };
  Stream recorded = Stream().start().say(metrics(4));
  recorded.events.push_back(sends(2, 4, {{"weights", "ab12"}, {"rng", 77}}));
  recorded.events.push_back(sends(3, 8, {{"weights", "cd34"}}));
  const Comparison same = compare(record({recorded}), recorded);
  CHECK(same.verdict == Verdict::kIdentical);
  CHECK(same.compared.sent == 3);
  CHECK(same.compared.text() ==
        "compared: 2 metric values, 3 fingerprints that the program sent, no digest of the final weights; less than "
        "every step, of which the record holds no fingerprints");

  Stream other = recorded;
  other.events[3] = sends(3, 8, {{"weights", "cd35"}});
  CHECK(texts(compare(record({recorded}), other)) ==
        "different\nstep 8: fingerprint weights: recorded \"cd34\", replayed \"cd35\"");
  other.events.pop_back();
  CHECK(texts(compare(record({recorded}), other)) ==
        "different\nstep 8: fingerprint weights: recorded \"cd34\", replayed absent");
  CHECK(texts(compare(record({other}), recorded)) ==
        "different\nstep 8: fingerprint weights: recorded absent, replayed \"cd34\"");
  other.events[2].extra["step"] = "four";  // not of the documented form: kept, not compared
  CHECK(compare(record({other}), other).compared.sent == 0);
}

TEST_CASE("a number is shown so that it reads back, and with its bits") {
  CHECK(number_text(0.1) == "0.1 (0x1.999999999999ap-4)");
  CHECK(number_text(0.1f) == "0.1 (0x1.99999ap-4)");
  CHECK(number_text(2.0f) == "2.0 (0x1p+1)");
  CHECK(number_text(-0.0f) == "-0.0 (-0x0p+0)");
  CHECK(number_text(std::numeric_limits<float>::infinity()) == "inf");
  CHECK(number_text(kNan) == "nan");
}

TEST_CASE("a verdict as JSON names both values") {
  Stream recorded = whole();
  body<Trace>(recorded, 3).weights[5] ^= 1;
  CHECK(core::canonical_json(compare(record({recorded}), whole()).to_json()) ==
        R"({"compared":{"digests":0,"fingerprints":24,"metrics":2,"sent_fingerprints":0,"steps":8,"tensors":2},)"
        R"("differences":[{"kind":"weights","recorded":"0x00000000000007d6","replayed":"0x00000000000007d7","step":7,)"
        R"("subject":"fc1.bias","ulp":null,"what":"weights of fc1.bias"}],"forbidding":[],"needed":null,)"
        R"("reasons":[],"verdict":"different"})");
}

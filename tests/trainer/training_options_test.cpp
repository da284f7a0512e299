// What a training can be told beside its network and optimizer: augmentation, smoothing, regression, when to end, which
// checkpoints to keep, which weights to begin with.
#include <cmath>
#include <limits>
#include <numeric>

#include "core/digest.h"
#include "core/error.h"
#include "core/files.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/message.h"
#include "tests/trainer/training_bench.h"
#include "trainer/data/builtin.h"

namespace {

std::vector<double> series(const Bench& bench, const std::string& name) {
  std::vector<double> values;
  for (const protocol::Event& event : bench.events)
    if (const auto* m = std::get_if<protocol::MetricValues>(&event.body); m && m->values.contains(name))
      values.push_back(m->values.at(name));
  return values;
}

double last(const Bench& bench, const std::string& name) {
  const std::vector<double> values = series(bench, name);
  return values.empty() ? std::numeric_limits<double>::quiet_NaN() : values.back();
}

Bench run(const core::Json& change, trainer::Dataset data = clusters()) {
  Bench bench;
  bench.dataset = std::move(data);
  bench.config.update(change);
  bench.start().run();
  return bench;
}

/// y = 40 + 10 · (x0 − 2·x1) of the clusters' values.
trainer::Dataset line() {
  trainer::Dataset data = clusters();
  data.task = trainer::Task::kRegression;
  data.classes = 0;
  for (trainer::Samples* part : {&data.train, &*data.test}) {
    for (std::size_t i = 0; i < part->labels.size(); ++i)
      part->targets.push_back(40 + 10 * (part->value(i, 0) - 2 * part->value(i, 1)));
    part->labels.clear();
  }
  return data;
}

}  // namespace

TEST_CASE("without its short batch an epoch has only whole ones, and its loss is the mean over those") {
  const Bench whole = run({{"drop_last", false}}), dropped = run({{"drop_last", true}});
  CHECK(whole.told().fingerprints.size() == 36);  // 189 samples in batches of 16
  CHECK(dropped.told().fingerprints.size() == 33);
  CHECK(std::abs(series(dropped, "train_loss")[0] - std::log(3)) < 0.2);
  CHECK(run({{"drop_last", true}, {"batch_size", 500}}).told().fingerprints.size() == 3);
  CHECK(run({{"drop_last", true}, {"batch_size", 27}}).told() == run({{"batch_size", 27}}).told());  // 7 · 27 = 189
}

TEST_CASE("a training ends when its loss has not fallen for as many epochs as its patience, and says so") {
  const core::Json stalled = {{"learning_rate", 0.5}, {"epochs", 60}, {"optimizer", "adam"}, {"schedule", "constant"}};
  core::Json patient = stalled;
  patient["patience"] = 4;
  const Bench bench = run(patient);
  const std::vector<double> losses = series(bench, "val_loss");
  std::size_t best = 0;
  for (std::size_t i = 0; i < losses.size(); ++i)
    if (losses[i] < losses[best]) best = i;
  CHECK(losses.size() < 60);
  CHECK(losses.size() == best + 1 + 4);
  const protocol::Event& end = bench.events.back();
  CHECK(end.extra["stopped_early"] == core::Json({{"epoch", best + 5}, {"best_epoch", best + 1}}));
  CHECK(std::get<protocol::Finished>(end.body).outcome == protocol::Outcome::kCompleted);
  CHECK(std::get<protocol::Finished>(end.body).step == 12 * losses.size());
  CHECK(std::isfinite(last(bench, "test_loss")));

  const Bench all = run(stalled);
  CHECK(series(all, "val_loss").size() == 60);
  CHECK(!all.events.back().extra.contains("stopped_early"));
  const std::vector<double> beginning = series(all, "val_loss");
  CHECK(std::equal(losses.begin(), losses.end(), beginning.begin()));
}

TEST_CASE("the first loss that is a number is the least of a training whose losses were none before") {
  Bench bench;
  bench.config.update({{"epochs", 5}, {"patience", 2}, {"learning_rate", 0.003}});
  trainer::Training& training = bench.start();
  trainer::CheckpointState state = training.snapshot();
  state.watched = trainer::Watched{std::numeric_limits<double>::quiet_NaN(), 0};
  training.restore(trainer::decode_checkpoint(trainer::encode_checkpoint(state), "here"), "here");
  training.run();
  CHECK(series(bench, "val_loss").size() == 5);
}

TEST_CASE("patience watches the training loss where nothing is held out, whatever the sweep ranks by") {
  Bench bench;
  bench.config.update({{"validation_fraction", 0}, {"patience", 1}, {"learning_rate", 0.5}, {"epochs", 80}});
  bench.start().run();
  const std::vector<double> losses = series(bench, "train_loss");
  CHECK(losses.size() < 80);
  CHECK(!(losses.back() < losses[losses.size() - 2]));
}

TEST_CASE("label smoothing changes the training and its loss, and no loss of an evaluation") {
  const Bench plain = run(core::Json::object()), smoothed = run({{"label_smoothing", 0.2}});
  CHECK(plain.told() != smoothed.told());
  CHECK(last(smoothed, "train_loss") > last(plain, "train_loss"));
  Bench fresh, other;
  other.config["label_smoothing"] = 0.5;
  CHECK(fresh.start().evaluate(fresh.data.test).loss == other.start().evaluate(other.data.test).loss);
}

TEST_CASE("top-5 accuracy is reported where it is asked for, and is one where there are five classes") {
  const Bench bench = run({{"top5", true}}), silent = run(core::Json::object());
  CHECK(last(bench, "val_top5") == 1.0);
  CHECK(last(bench, "test_top5") == 1.0);
  CHECK(std::isnan(last(silent, "val_top5")));
  const Bench images = run({{"top5", true}, {"epochs", 1}}, trainer::generate("images"));
  CHECK(last(images, "val_top5") > last(images, "val_accuracy"));
  CHECK(last(images, "val_top5") < 1.0);
}

TEST_CASE("an output that is no number or infinite hits nothing: no top-5 accuracy and no pair of classes counts it") {
  for (const float wrong : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Bench bench;
    trainer::Training& training = bench.start();
    const trainer::Evaluation right = training.evaluate(bench.data.test, {true, true});
    CHECK(right.top5 == 1.0);
    CHECK(std::accumulate(right.confusion.begin(), right.confusion.end(), std::uint64_t{0}) == 30);
    CHECK(training.adopt({{"layers.2.bias", {3}, {wrong, 0, 0}}}) == 1);
    const trainer::Evaluation found = training.evaluate(bench.data.test, {true, true});
    CHECK(found.accuracy == 0.0);
    CHECK(found.top5 == 0.0);
    CHECK(std::accumulate(found.confusion.begin(), found.confusion.end(), std::uint64_t{0}) == 0);
  }
}

TEST_CASE("the end tells which classes were taken for which, in the validation and the test part") {
  Bench bench = run(core::Json::object());
  const core::Json confusion = bench.events.back().extra["confusion"];
  const auto count = [](const core::Json& rows, bool diagonal) {
    int sum = 0;
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (std::size_t j = 0; j < rows[i].size(); ++j) sum += !diagonal || i == j ? rows[i][j].get<int>() : 0;
    return sum;
  };
  CHECK(count(confusion["validation"], false) == 21);
  CHECK(count(confusion["test"], false) == 30);
  CHECK(count(confusion["test"], true) == std::lround(30 * last(bench, "test_accuracy")));
  CHECK(count(confusion["validation"], true) == std::lround(21 * last(bench, "val_accuracy")));
  for (const core::Json& row : confusion["test"]) CHECK(count(core::Json::array({row}), false) == 10);
}

TEST_CASE("a line through noise-free numbers is found by both losses of a regression") {
  for (const char* loss : {"mse", "mae"}) {
    const Bench bench = run({{"loss", loss}, {"epochs", 150}, {"dropout", 0.0}, {"hidden", {32}}}, line());
    CAPTURE(loss);
    CHECK(last(bench, "val_r2") > 0.98);
    CHECK(last(bench, "test_r2") > 0.98);
    CHECK(std::isnan(last(bench, "val_accuracy")));
    CHECK(!bench.events.back().extra.contains("confusion"));
    CHECK(series(bench, "train_loss").front() > 0.3);  // targets are normalised: their mean alone costs about one
    CHECK(series(bench, "train_loss").front() < 1.5);
  }
}

TEST_CASE("R² is 1 less the squared errors against the squares about the mean, and is left out where all are alike") {
  Bench bench;
  bench.dataset = line();
  bench.config.update({{"loss", "mse"}, {"epochs", 1}});
  trainer::Training& training = bench.start();
  const trainer::Evaluation found = training.evaluate(bench.data.test);
  CHECK(*found.r2 == 1 - found.loss * 30 / bench.data.test.target_squares);
  CHECK(!found.accuracy);

  Bench same;
  same.dataset = line();
  same.config.update({{"loss", "mae"}, {"epochs", 1}});
  for (float& target : same.dataset.test->targets) target = 7;
  CHECK(!same.start().evaluate(same.data.test).r2);
}

TEST_CASE("augmentation changes every epoch in its own way, and an evaluation not at all") {
  const core::Json plain = {{"epochs", 2}, {"hidden", 16}, {"batch_size", 64}};
  const Told without = run(plain, trainer::generate("images")).told();
  for (const core::Json& change :
       {core::Json{{"flip", true}}, core::Json{{"shift", 2}}, core::Json{{"cutout", 3}}, core::Json{{"noise", 0.1}}}) {
    core::Json config = plain;
    config.update(change);
    const Told with = run(config, trainer::generate("images")).told();
    CAPTURE(change);
    CHECK(with.fingerprints.at(1) != without.fingerprints.at(1));
    CHECK(with.fingerprints.at(1).back() == without.fingerprints.at(1).back());  // the same samples
    Bench fresh, bare;
    fresh.dataset = bare.dataset = trainer::generate("images");
    fresh.config.update(config);
    bare.config.update(plain);
    CHECK(fresh.start().evaluate(fresh.data.test).loss == bare.start().evaluate(bare.data.test).loss);
  }
}

TEST_CASE("images alone are flipped, shifted and cut") {
  const auto refused = [](const core::Json& change) { return message_of([&] { run(change); }); };
  CHECK(refused({{"flip", true}}) == "config.flip: is for images, and the data set has none, leave it out");
  CHECK(refused({{"shift", 1}}) == "config.shift: is for images, and the data set has none, leave it out");
  CHECK(refused({{"cutout", 1}}) == "config.cutout: is for images, and the data set has none, leave it out");
  CHECK(run({{"noise", 0.1}}).told() != run(core::Json::object()).told());
}

TEST_CASE("the best epochs are kept under the names of a template, and what falls out of them is deleted") {
  const TemporaryFolder folder;
  Bench bench;
  bench.folder = folder.path();
  bench.keep_best = 3;
  bench.best_name = "{epoch:02d}-{val_accuracy:.4f}";
  bench.config["epochs"] = 12;
  bench.config["learning_rate"] = 0.003;
  bench.seconds_a_look = 5;
  bench.start().run();
  const std::vector<double> accuracy = series(bench, "val_accuracy");
  std::vector<std::size_t> order(accuracy.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return accuracy[a] > accuracy[b]; });
  for (std::size_t i = 0; i < 3; ++i) {
    char name[64];
    std::snprintf(name, sizeof name, "best-%02zu-%.4f.safetensors", order[i] + 1, accuracy[order[i]]);
    CHECK(std::filesystem::exists(folder.path() / name));
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    files += entry.path().filename().string().starts_with("best-");
  CHECK(files <= 6);  // those of now and those of the write before
  CHECK(bench.told() == run({{"epochs", 12}, {"learning_rate", 0.003}}).told());
}

TEST_CASE("best epochs of one name that are written together are a file each, of the digest that is told") {
  const TemporaryFolder folder;
  Bench bench;
  bench.folder = folder.path();
  bench.keep_best = 3;
  bench.best_name = "x";
  bench.config["learning_rate"] = 0.003;
  bench.start().run();
  std::size_t files = 0;
  for (const protocol::Event& event : bench.events)
    if (const auto* c = std::get_if<protocol::Checkpoint>(&event.body)) {
      ++files;
      CHECK(core::sha256_file(folder.path() / c->file) == c->sha256);
    }
  CHECK(files == 3);
}

TEST_CASE("where no best epoch is wanted none is written, and all else stays as it was") {
  const TemporaryFolder folder;
  Bench bench;
  bench.folder = folder.path();
  bench.write_best = false;
  bench.seconds_a_look = 5;
  bench.start().run();
  CHECK(bench.newest("best").empty());
  CHECK_FALSE(bench.newest("last").empty());
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    CHECK(entry.path().filename().string().starts_with("last-"));
  CHECK(bench.told() == run(core::Json::object()).told());
}

TEST_CASE("a training begins with the weights of a file where names and shapes agree, and with its own elsewhere") {
  const std::vector<trainer::NamedTensor> weights = [&] {
    const TemporaryFolder folder;
    Bench saved;
    saved.folder = folder.path();
    saved.start().run();
    return trainer::decode_checkpoint(core::read_file(folder.path() / saved.newest("best")), "here").tensors;
  }();
  Bench again, wider, other;
  CHECK(again.start().adopt(weights) == 6);
  wider.config["hidden"] = {16, 10};
  CHECK(wider.start().adopt(weights) == 3);  // the first layer's two, and the last bias
  other.config["hidden"] = {5};
  CHECK(other.start().adopt(weights) == 0);
  CHECK(again.training->evaluate(again.data.validation).accuracy > 0.5);
}

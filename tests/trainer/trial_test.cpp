// A trial from its document on: what is refused before training starts, and what `started` records.
#include "trainer/training/trial.h"

#include <cstring>

#include "core/digest.h"
#include "core/files.h"
#include "protocol/data_set.h"
#include "protocol/outcome.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"
#include "tests/trainer/message.h"
#include "trainer/hyperparameters.h"

namespace {

trainer::TrialOrder order_for(const std::string& data, core::Json config = {{"epochs", 1}}) {
  trainer::TrialOrder order;
  order.place = "trial.json";
  order.document.config = std::move(config);
  order.document.seed = 3;
  const bool builtin = protocol::is_builtin(data);
  order.document.data =
      protocol::DataSource{data, builtin ? "" : data, protocol::data_digest(protocol::locate_data(data))};
  return order;
}

std::string refused(const trainer::TrialOrder& order) {
  trainer::EventSink events([](std::string_view) { FAIL("an event before the trial was checked"); });
  return message_of([&] { trainer::run_trial(order, events); });
}

std::vector<protocol::Event> run(const trainer::TrialOrder& order, int wanted = protocol::kTrainerCompleted) {
  std::vector<protocol::Event> told;
  trainer::EventSink events(
      [&](std::string_view line) { told.push_back(protocol::Event::parse(line.substr(0, line.size() - 1), "test")); });
  CHECK(trainer::run_trial(order, events) == wanted);
  return told;
}

const std::string kTable = "1,2,a\n3,4,b\n5,6,a\n7,8,b\n9,1,a\n2,3,b\n4,5,a\n6,7,b\n8,9,a\n1,3,b\n";

}  // namespace

TEST_CASE("a document that this trainer cannot serve is refused with every reason") {
  trainer::TrialOrder order;
  order.place = "trial.json";
  order.document.device = "tpu";
  order.document.numerics = "fast-2";
  order.document.threads = 0;
  order.document.trace = "epoch";
  CHECK(refused(order) ==
        "trial.json: device 'tpu' is unknown, expected cpu or cuda\n"
        "trial.json: numerics 'fast-2' is not supported, this trainer computes portable-1 and fast-1\n"
        "trial.json: threads is 0, expected 1 or more\n"
        "trial.json: trace 'epoch' is unknown, expected step, off or a number of steps\n"
        "trial.json: names no data set, add \"data\": a path, or builtin:images");
}

TEST_CASE("a metric that this trainer never reports is refused") {
  trainer::TrialOrder order = order_for("builtin:spirals");
  order.document.metric = protocol::Metric{"val_acuracy", protocol::Goal::kMaximize, protocol::Reduce::kBest};
  CHECK(refused(order) ==
        "trial.json: metric 'val_acuracy' is not one that this trainer reports, did you mean 'val_accuracy'?");
  order.document.metric->name = "test_accuracy";
  CHECK(refused(order) ==
        "trial.json: metric 'test_accuracy' is of the test set, which is never ranked on, there are: train_loss, "
        "val_loss, val_accuracy, val_top5, val_r2");
}

TEST_CASE("a trial without a validation part says the same whatever metric its sweep ranks by") {
  trainer::TrialOrder order = order_for("builtin:spirals", {{"epochs", 2}, {"hidden", 8}, {"validation_fraction", 0}});
  const auto said_under = [&](const char* metric) {
    order.document.metric = protocol::Metric{metric, protocol::Goal::kMinimize, protocol::Reduce::kBest};
    std::string said;
    for (const protocol::Event& event : run(order)) said += event.line() + "\n";
    return said;
  };
  const std::string said = said_under("train_loss");
  CHECK(said.find("\"val_") == std::string::npos);
  CHECK(said_under("val_loss") == said);
  CHECK(said_under("val_accuracy") == said);
}

TEST_CASE("a network of which one layer outgrows a tensor is refused before training starts") {
  CHECK(
      refused(order_for("builtin:spirals", {{"hidden", {65536, 65536}}})) ==
      "config.hidden: layers.1 would have 65536×65536 weights for batches of 1024, more than one tensor holds (2^31 − "
      "1)");
}

TEST_CASE("a layer that outgrows a tensor is blamed on the hyperparameter that made it") {
  CHECK(refused(order_for("builtin:images", {{"model", "cnn"}, {"channels", {2}}, {"dense", {65536, 65536}}})) ==
        "config.dense: dense.1 would have 65536×65536 weights for batches of 128, more than one tensor holds (2^31 − "
        "1)");
}

TEST_CASE("a batch larger than the data is all of the data, and as many numbers the same") {
  const auto finished = [](int batch_size) {
    const std::vector<protocol::Event> events =
        run(order_for("builtin:spirals", {{"epochs", 2}, {"hidden", 8}, {"batch_size", batch_size}}));
    return std::get<protocol::Finished>(events.back().body);
  };
  CHECK(finished(65536).step == 2);
  CHECK(finished(65536).weights_sha256 == finished(2700).weights_sha256);
}

TEST_CASE("data with one byte changed is refused with both digests") {
  const TemporaryFolder folder;
  const std::string file = folder.write("table.csv", kTable).string();
  const trainer::TrialOrder order = order_for(file);
  const std::string before = order.document.data->sha256;
  std::string changed = kTable;
  changed[0] = '2';
  folder.write("table.csv", changed);
  const std::string after = protocol::data_digest(protocol::locate_data(file));
  CHECK(refused(order) == file + ": the data is not that of the trial: its digest is " + after + ", the trial's is " +
                              before + ", restore the files, or start a new sweep on these");
}

TEST_CASE("an unknown hyperparameter is refused before the data is read") {
  trainer::TrialOrder order = order_for("builtin:images", {{"epoch", 3}});
  order.document.data->path = "/nowhere";
  CHECK(refused(order) == "config.epoch: there is no such hyperparameter, did you mean 'epochs'?");
}

TEST_CASE("the first event records trainer, device, data, split and normalisation") {
  const TemporaryFolder folder;
  const trainer::TrialOrder order = order_for(folder.write("table.csv", kTable).string());
  const std::vector<protocol::Event> events = run(order);
  for (std::size_t i = 0; i < events.size(); ++i) CHECK(events[i].seq == i);
  const auto& started = std::get<protocol::Started>(events.front().body);
  CHECK(started.trainer == trainer::trainer_identity());
  CHECK(started.trainer.starts_with("sweep-trainer/1:"));
  CHECK(started.resumed_from == 0);
  const core::Json& environment = started.environment;
  CHECK(environment["back_end"] == "cpu");
  CHECK(environment["data"]["sha256"] == order.document.data->sha256);
  CHECK(environment["data"]["train_samples"] == 9);
  CHECK(environment["data"]["validation_samples"] == 1);
  CHECK(environment["data"]["test_samples"] == 0);
  CHECK(environment["data"]["class_names"] == core::Json({"a", "b"}));
  CHECK(environment["data"]["split_sha256"].get<std::string>().size() == 64);
  CHECK(environment["weights"] == 2 * 256 + 256 + 256 * 128 + 128 + 128 * 2 + 2);
  CHECK(std::holds_alternative<protocol::Finished>(events.back().body));
}

TEST_CASE("what is too long for the line of the first event is there by its length and digest, and the rest as it is") {
  const TemporaryFolder folder;
  std::string names, row;
  core::Json categorical = core::Json::array();
  for (int i = 0; i < 6000; ++i) {
    categorical.push_back("column_" + std::to_string(i));
    names += categorical.back().get<std::string>() + ",";
    row += std::to_string(i % 2) + ",";
  }
  std::string text = names + "label\n";
  for (int i = 0; i < 10; ++i) text += row + (i % 2 ? "b\n" : "a\n");
  const core::Json options = {{"categorical", categorical}};
  trainer::TrialOrder order = order_for("builtin:spirals", {{"epochs", 1}, {"hidden", 2}});
  const std::string file = folder.write("table.csv", text).string();
  const auto read = protocol::DataOptions::from_json(options, "here");
  order.document.data =
      protocol::DataSource{file, file, protocol::data_digest(protocol::locate_data(file, read)), read};
  const std::vector<protocol::Event> events = run(order);
  const auto& environment = std::get<protocol::Started>(events.front().body).environment;
  const std::string said = core::canonical_json(read.to_json());
  CHECK(environment["data"]["options"] == core::Json({{"bytes", said.size()}, {"sha256", core::sha256_hex(said)}}));
  CHECK(environment["data"]["class_names"] == core::Json({"a", "b"}));
  CHECK(environment["hyperparameters"]["hidden"] == core::Json({2}));
}

TEST_CASE("a trial goes on from a checkpoint by name or by path, and says from which step") {
  const TemporaryFolder folder;
  trainer::TrialOrder order = order_for("builtin:spirals", {{"epochs", 4}, {"hidden", 8}});
  order.checkpoint_dir = folder.path().string();
  int looks = 0;
  order.stop_requested = [&] { return looks++ == 30; };
  run(order, protocol::kTrainerInterrupted);
  looks = 1000;
  for (const std::string& resume :
       {std::string("last-30.safetensors"), (folder.path() / "last-30.safetensors").string()}) {
    order.resume = resume;
    CHECK(std::get<protocol::Started>(run(order).front().body).resumed_from == 30);
  }
  order.document.seed = 4;
  CHECK(refused(order) == (folder.path() / "last-30.safetensors").string() +
                              ": belongs to another trial: it differs in seed, start this trial without it");
}

TEST_CASE("a trial that begins with the weights of a file is known by the file's digest") {
  const TemporaryFolder folder;
  trainer::TrialOrder order = order_for("builtin:spirals", {{"epochs", 1}, {"hidden", 8}});
  order.checkpoint_dir = folder.path().string();
  std::string file;
  for (const protocol::Event& event : run(order))
    if (const auto* made = std::get_if<protocol::Checkpoint>(&event.body)) file = (folder.path() / made->file).string();
  const std::string digest = core::sha256_file(file);
  order.checkpoint_dir.clear();
  order.document.config["init_from"] = file;
  CHECK(
      refused(order) ==
      "config.init_sha256: is missing, and a trial is known by the weights that it begins with, write the digest of " +
          file + ": " + digest);
  order.document.config["init_sha256"] = std::string(64, '0');
  CHECK(refused(order) == file + ": its digest is " + digest + ", config.init_sha256 is " + std::string(64, '0') +
                              ", restore the file, or write its digest");
  order.document.config["init_sha256"] = digest;
  const std::vector<protocol::Event> told = run(order);
  CHECK(std::get<protocol::Started>(told.front().body).environment["tensors_from_file"] == 4);
  order.document.config["hidden"] = {9, 5};
  CHECK(refused(order) == file + ": has no tensor of the name and shape of one of this network's");
}

TEST_CASE("a loss that is not for the data is refused") {
  CHECK(refused(order_for("builtin:spirals", {{"loss", "mse"}})) ==
        "config.loss: is for numbers, and the data set has classes, write cross_entropy");
  const TemporaryFolder folder;
  trainer::TrialOrder order = order_for(folder.write("table.csv", "a,target\n1,2.5\n2,3.5\n3,4.5\n4,5.5\n").string());
  order.document.data->options = protocol::DataOptions::from_json({{"task", "regression"}}, "here");
  order.document.data->sha256 =
      protocol::data_digest(protocol::locate_data(order.document.data->path, order.document.data->options));
  const std::vector<protocol::Event> told = run(order);  // without a word: mse
  CHECK(std::get<protocol::Started>(told.front().body).environment["data"].contains("target"));
  order.document.config["loss"] = "cross_entropy";
  CHECK(refused(order) ==
        "config.loss: cross_entropy is for classes, and the data set has numbers to predict, write mse or mae");
}

TEST_CASE("the document says how many of its best epochs a trial keeps, and under which names") {
  const TemporaryFolder folder;
  trainer::TrialOrder order = order_for("builtin:spirals", {{"epochs", 3}, {"hidden", 8}});
  order.checkpoint_dir = folder.path().string();
  order.document.keep_best = 2;
  order.document.best_name = "{epoch}-{val_loss:.3f}";
  order.document = protocol::TrialDocument::from_json(order.document.to_json(), "here");
  std::size_t files = 0;
  for (const protocol::Event& event : run(order)) files += std::holds_alternative<protocol::Checkpoint>(event.body);
  CHECK(files == 2);
  order.document.best_name = "{epoch}/{val_loss}";
  CHECK(refused(order) == "checkpoints.name: has '/' in a file's name, write letters, digits, or one of . _ - + =");
}

TEST_CASE("a trial says the same from memory that trials of other models have left full of NaN") {
  const core::Json small = {{"epochs", 1}, {"batch_size", 100}, {"validation_fraction", 0.5}, {"clip_norm", 0.5}};
  const auto with = [&](core::Json config) {
    config.update(small);
    return config;
  };
  const core::Json mlp = with({{"hidden", {64, 32}}, {"dropout", 0.2}, {"optimizer", "adamw"}});
  const core::Json cnn = with({{"model", "cnn"}, {"channels", {2, 4}}, {"dense", 8}, {"batch_norm", true}});
  const core::Json resnet = with({{"model", "resnet"}, {"width", 1}, {"flip", true}, {"shift", 1}});
  const core::Json text = with({{"model", "transformer"}, {"layers", 1}, {"heads", 1}, {"width", 8}, {"context", 8}});
  const std::vector<trainer::TrialOrder> orders = {
      order_for("builtin:images", mlp),    order_for("builtin:images", cnn), order_for("builtin:images", cnn),
      order_for("builtin:images", resnet), order_for("builtin:sums", text),  order_for("builtin:surface", mlp),
  };
  trainer::Workspace workspace(trainer::Workspace::For::kManyTrials);
  const auto lines = [](const trainer::TrialOrder& order, trainer::Workspace& where) {
    std::string said;
    trainer::EventSink events([&](std::string_view line) { said += line; });
    CHECK(trainer::run_trial(order, events, where) == protocol::kTrainerCompleted);
    return said;
  };
  for (const trainer::TrialOrder& order : orders) {
    trainer::Workspace own;
    INFO(order.document.data->name << " " << order.document.config);
    CHECK((lines(order, workspace) == lines(order, own)));  // in brackets: the two are long
    workspace.trial_ended();
    std::size_t blocks = 0;
    workspace.kept_memory()->each_spare([&](void* block, std::size_t bytes) {
      std::memset(block, 0xff, bytes);
      ++blocks;
    });
    CHECK(blocks > 10);
  }
}

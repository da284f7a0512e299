// Names of metrics and parameters as other programs take them: what fits stays, what does not is replaced, and no two
// names ever become one.
#include "sweep/exports/names.h"

#include <set>

#include "core/digest.h"
#include "core/utf8.h"
#include "tests/catch.h"

using sweep::NameRule;
using sweep::SafeNames;

namespace {

std::string digest(const std::string& name, std::size_t digits = 8) {
  return "-" + core::sha256_hex(name).substr(0, digits);
}

}  // namespace

TEST_CASE("a name that MLflow takes stays as it is, a path too") {
  SafeNames names(NameRule::kPath);
  for (const char* name : {"loss", "train/loss", "learning_rate", "optimizer.beta-1", "a b", "9", "a/b/c"}) {
    INFO(name);
    CHECK(names.of(name) == name);
  }
  CHECK(names.renamed().empty());
}

TEST_CASE("a name that leads elsewhere, or that MLflow refuses, is replaced and keeps its digest") {
  SafeNames names(NameRule::kPath);
  const std::string nul("a\0b", 3);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"..", "_." + digest("..")},
      {".", "_" + digest(".")},
      {"", digest("").substr(1)},
      {"../../etc/passwd", "_._.._etc_passwd" + digest("../../etc/passwd")},
      {"/root", "_root" + digest("/root")},
      {"a//b", "a__b" + digest("a//b")},
      {"a/../b", "a_.._b" + digest("a/../b")},
      {"a/", "a_" + digest("a/")},
      {".hidden", "_hidden" + digest(".hidden")},
      {"a:b", "a_b" + digest("a:b")},
      {nul, "a_b" + digest(nul)},
      {"\x1b[31m", "__31m" + digest("\x1b[31m")},
      {"größe", "gr____e" + digest("größe")},
      {"dot.", "dot." + digest("dot.")},
  };
  for (const auto& [name, safe] : expected) {
    INFO(name);
    CHECK(names.of(name) == safe);
    CHECK(names.renamed().at(safe) == name);
  }
}

TEST_CASE("a very long name is cut, and two that begin alike stay two") {
  for (const NameRule rule : {NameRule::kPath, NameRule::kTag}) {
    SafeNames names(rule);
    const std::string a(10'000, 'x'), b = a + "y";
    std::string components(401, 'c');
    components[200] = '/';
    CHECK(names.of(a) == std::string(160, 'x') + digest(a));
    CHECK(names.of(b) == std::string(160, 'x') + digest(b));
    CHECK(names.of(components).size() <= sweep::kMaxNameBytes);
  }
}

TEST_CASE("of two names that differ in case alone, or of which one is the other's folder, the first stays") {
  SafeNames names(NameRule::kPath);
  CHECK(names.of("Loss") == "Loss");
  CHECK(names.of("loss") == "loss" + digest("loss"));
  CHECK(names.of("Loss") == "Loss");
  CHECK(names.of("train/loss") == "train/loss");
  CHECK(names.of("train") == "train" + digest("train"));
  CHECK(names.of("LOSS/x") == "LOSS_x" + digest("LOSS/x"));
  CHECK(names.of("train/accuracy") == "train/accuracy");
  SafeNames tags(NameRule::kTag);
  CHECK(tags.of("Loss") == "Loss");
  CHECK(tags.of("loss") == "loss");
}

TEST_CASE("a name that looks as if it had been replaced does not become another's") {
  SafeNames names(NameRule::kPath);
  const std::string lookalike = "a_b" + digest("a:b");
  CHECK(names.of(lookalike) == lookalike);
  CHECK(names.of("a:b") == "a_b" + digest("a:b", 16));
}

TEST_CASE("what is ours nobody else takes") {
  for (const NameRule rule : {NameRule::kPath, NameRule::kTag}) {
    SafeNames names(rule, "sweep/value");
    CHECK(names.of("sweep/value") == (rule == NameRule::kPath ? "sweep_value" : "sweep/value") + digest("sweep/value"));
    CHECK(names.all().size() == 1);
  }
}

TEST_CASE("a tag is printable, not empty, and none of TensorBoard's own") {
  SafeNames names(NameRule::kTag);
  CHECK(names.of("größe/日本") == "größe/日本");
  CHECK(names.of("a:b c") == "a:b c");
  CHECK(names.of("..") == "..");
  CHECK(names.of("") == digest("").substr(1));
  CHECK(names.of("a\nb") == "a\\nb" + digest("a\nb"));
  CHECK(names.of("_hparams_/experiment") == "hparams_/experiment" + digest("_hparams_/experiment"));
  std::string wide;
  for (int i = 0; i < 200; ++i) wide += "日";
  const std::string cut = names.of(wide);
  CHECK(core::valid_utf8(cut) == cut);
}

// The arrows between rooms, held against every #include of the project; and a tree with wrong ones, which must be seen.
#include <filesystem>

#include "tests/catch.h"
#include "tests/layering/rooms.h"
#include "tests/layering/source_tree.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;
using layering::wrong_includes;

namespace {

/// A project tree in a folder of its own.
class FakeTree {
 public:
  void write(const fs::path& file, const std::string& text) const { folder_.write(file, text); }
  const fs::path& root() const { return folder_.path(); }
  std::vector<std::string> findings() const { return wrong_includes(layering::read_sources(root())); }

 private:
  TemporaryFolder folder_;
};

std::string lines(const std::vector<std::string>& findings) {
  std::string text;
  for (const std::string& finding : findings) text += finding + "\n";
  return text;
}

}  // namespace

TEST_CASE("every include of the project follows an arrow of the table") {
  const auto sources = layering::read_sources(SWEEP_SOURCE_DIR);
  CHECK(sources.size() > 50);
  CHECK(lines(wrong_includes(sources)) == "");
}

TEST_CASE("every link between rooms follows an arrow of the table") {
  CHECK(lines(layering::wrong_links(SWEEP_SOURCE_DIR)) == "");
}

TEST_CASE("the table of rooms has no circle") {
  for (const auto& room : layering::rooms())
    for (const auto arrow : room.arrows) {
      // A row may point only at rows above it, and such a table cannot turn back on itself.
      const auto position = [](std::string_view folder) {
        const auto& table = layering::rooms();
        return std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.folder == folder; }) -
               table.begin();
      };
      CHECK(position(arrow) < position(room.folder));
    }
}

TEST_CASE("an include that climbs is named with its file, its line and what is allowed") {
  FakeTree tree;
  tree.write("core/json.h", "#pragma once\n\n#include \"kernels/ops.h\"\n");
  CHECK(lines(tree.findings()) == "core/json.h:3: core may not include 'kernels/ops.h', it may use core\n");
}

TEST_CASE("each arrow of the design that may not be turned round is noticed when it is") {
  struct Wrong {
    const char* file;
    const char* include;
  };
  const Wrong wrong[] = {
      {"protocol/event.h", "\"kernels/ops.h\""},
      {"kernels/gemm.h", "\"protocol/event.h\""},
      {"trainer/main.cpp", "\"sweep/spec/spec.h\""},
      {"sweep/spec/spec.h", "\"trainer/nn/network.h\""},
      {"sweep/spec/spec.h", "\"sweep/space/space.h\""},
      {"sweep/space/space.h", "\"sweep/search/trials.h\""},
      {"sweep/study/study.h", "\"sweep/store/store.h\""},
      {"sweep/rank/rank.h", "\"sweep/report/report.h\""},
      {"sweep/report/report.h", "\"sweep/store/store.h\""},
      {"sweep/store/store.h", "\"sweep/dispatch/attempt.h\""},
      {"sweep/launch/launcher.h", "\"sweep/dispatch/attempt.h\""},
      {"sweep/dispatch/attempt.h", "\"sweep/replay/x.h\""},
      {"sweep/replay/x.h", "\"sweep/commands/command.h\""},
      {"sweep/spec/spec.h", "\"kernels/ops.h\""},
      {"sweep/launch/gpu.cpp", "<cuda_runtime.h>"},
      {"trainer/main.cpp", "<cuda_runtime_api.h>"},
      {"sweep/study/decide.cpp", "<boost/asio.hpp>"},
      {"sweep/replay/x.h", "<boost/process/v2.hpp>"},
      {"sweep/dispatch/attempt.h", "<sqlite3.h>"},
      {"sweep/rank/rank.h", "\"sqlite3.h\""},
      {"sweep/study/study.h", "<chrono>"},
      {"kernels/gemm_cpu.cpp", "<random>"},
      {"core/json.h", "\"tests/catch.h\""},
      {"sweep/spec/spec.h", "\"../../core/json.h\""},
      {"sweep/unheard_of/x.h", "<string>"},
      {"kernels/adam.cu", "\"trainer/main.h\""},
      {"trainer/data/idx.h", "\"trainer/training/loop.h\""},
      {"trainer/hyperparameters.h", "\"trainer/nn/network.h\""},
      {"trainer/nn/network.h", "\"trainer/describe.h\""},
  };
  for (const Wrong& one : wrong) {
    FakeTree tree;
    tree.write(one.file, std::string("#include ") + one.include + "\n");
    INFO(one.file << " includes " << one.include);
    CHECK(tree.findings().size() == 1);
  }
}

TEST_CASE("includes that follow the arrows, a neighbour's name and a comment are not findings") {
  FakeTree tree;
  tree.write("sweep/commands/run.cpp",
             "#include \"sweep/dispatch/attempt.h\"\n#include \"sweep/spec/spec.h\"\n#include \"command.h\"\n"
             "#include <CLI/CLI.hpp>\n  #  include \"core/json.h\"\n");
  tree.write("sweep/store/store.cpp",
             "#include <sqlite3.h>\n// #include \"sweep/dispatch/attempt.h\"\n"
             "/*\n#include \"sweep/dispatch/attempt.h\"\n*/\n");
  tree.write("tests/anything_test.cpp", "#include \"sweep/study/study.h\"\n#include \"trainer/main.h\"\n");
  CHECK(lines(tree.findings()) == "");
}

TEST_CASE("a link that climbs is named, one inside a room is not a finding") {
  FakeTree tree;
  tree.write("sweep/spec/CMakeLists.txt", "sweep_room(spec SOURCES spec.cpp)\n");
  tree.write("sweep/space/CMakeLists.txt", "sweep_room(space SOURCES space.cpp LINKS sweep_spec sweep_search)\n");
  tree.write("sweep/search/CMakeLists.txt",
             "sweep_room(draw SOURCES draw.cpp LINKS sweep_space)\nsweep_room(search SOURCES search.cpp\n"
             "  LINKS sweep_draw)\n");
  CHECK(lines(layering::wrong_links(tree.root())) ==
        "sweep/space/CMakeLists.txt: sweep_space links sweep_search, sweep/space may use core, protocol, sweep/space, "
        "sweep/spec\n");
}

TEST_CASE("comments and literals are blanked and lines keep their numbers") {
  CHECK(layering::without_comments_and_literals("a // b\nc") == "a     \nc");
  CHECK(layering::without_comments_and_literals("a /* b\n */ c") == "a     \n    c");
  CHECK(layering::without_comments_and_literals("f(\"x\\\"y\", '\"', 1'000)") == "f(      ,    , 1'000)");
  CHECK(layering::without_comments_and_literals("R\"re(a\"b)re\" c") == "             c");
}

// What a running sweep writes to a stderr that is no terminal, and when.
#include "sweep/commands/progress.h"

#include <unistd.h>

#include <cstdio>

#include "core/files.h"
#include "tests/catch.h"
#include "tests/sweep/study/events.h"
#include "tests/temporary_folder.h"

using namespace events;
using protocol::Outcome;
using sweep::Study;

namespace {

// While it lives stderr goes to a file.
class KeptStderr {
 public:
  KeptStderr() : before_(::dup(STDERR_FILENO)) {
    std::FILE* const file = std::fopen(path().c_str(), "w");
    REQUIRE(file != nullptr);
    ::dup2(::fileno(file), STDERR_FILENO);
    std::fclose(file);
  }
  ~KeptStderr() {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
  }

  std::string text() const { return core::read_file(path(), 1 << 20); }

 private:
  std::string path() const { return (folder_.path() / "stderr").string(); }

  TemporaryFolder folder_;
  int before_;
};

// A sweep of two trials.
struct Told {
  KeptStderr kept;
  Study study{loss()};
  std::unique_ptr<sweep::Progress> progress;

  explicit Told(bool json) {
    sweep::Globals globals;
    globals.json = json;
    progress = sweep::make_progress(globals);
    for (std::uint64_t i = 0; i < 2; ++i) study.apply(planned(i));
  }
  void tell(const sweep::StudyEvent& event) {
    study.apply(event);
    progress->on_event(study, event);
  }
};

}  // namespace

TEST_CASE(
    "the end of a trial is told once it is durable, as it was when it came, and a note after it waits behind it") {
  Told told(false);
  told.progress->on_note("first");
  CHECK(told.kept.text() == "first\n");
  told.tell(ordered(0));
  told.tell(metric(0, 0, 4, 0.5));
  told.tell(ended(0, 0, Outcome::kCompleted));
  told.progress->on_note("second");
  CHECK(told.kept.text() == "first\n");
  told.progress->on_durable();
  CHECK(told.kept.text() == "first\ntrial #0 trial0 completed, loss 0.5, 1.50 s\nsecond\n");
  told.progress->on_durable();
  told.progress->on_note("third");
  CHECK(told.kept.text() == "first\ntrial #0 trial0 completed, loss 0.5, 1.50 s\nsecond\nthird\n");
}

TEST_CASE("what could not be made durable is never told, but each note is") {
  Told told(false);
  told.tell(ordered(0));
  told.tell(ended(0, 0, Outcome::kFailed));
  told.progress->on_note("the disk is full");
  CHECK(told.kept.text().empty());
  told.progress.reset();
  CHECK(told.kept.text() == "the disk is full\n");
}

TEST_CASE("two trials that become durable together are counted one after the other for machines too") {
  Told told(true);
  told.tell(ordered(0));
  told.tell(ordered(1));
  told.progress->on_durable();
  const std::size_t before = told.kept.text().size();
  for (std::uint64_t i = 0; i < 2; ++i) told.tell(ended(i, 0, Outcome::kFailed));
  CHECK(told.kept.text().size() == before);
  told.progress->on_durable();
  const std::string text = told.kept.text().substr(before);
  INFO(text);
  CHECK(text.find(R"("ended":1)") < text.find(R"("ended":2)"));
  CHECK(text.find(R"("ended":2)") != std::string::npos);
}

// Readers of a store take turns, and none waits for ever. With real locks, as other processes have them: each object
// opens the folder anew.
#include "sweep/store/turns.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include "sweep/store/store.h"
#include "tests/catch.h"
#include "tests/sweep/store/stored.h"
#include "tests/temporary_folder.h"

using namespace events;
using namespace std::chrono_literals;
using sweep::ReadingTurns;
using sweep::Store;
using Turn = ReadingTurns::Turn;

namespace {

constexpr auto kShort = 20ms;
constexpr auto kAsLongAsItTakes = 60'000ms;

bool is_free(const std::filesystem::path& folder) {
  ReadingTurns other(folder, 0ms);
  const Turn turn(&other);
  return other.has_turn();
}

}  // namespace

TEST_CASE("One reader of a store has the turn at a time", "[store]") {
  const TemporaryFolder folder;
  ReadingTurns first(folder.path(), kShort), second(folder.path(), kShort);
  {
    const Turn turn(&first);
    CHECK(first.has_turn());
    CHECK_FALSE(is_free(folder.path()));
  }
  CHECK_FALSE(first.has_turn());
  const Turn turn(&second);
  CHECK(second.has_turn());
}

TEST_CASE("Who waits for a turn has it when the other one ends", "[store]") {
  const TemporaryFolder folder;
  ReadingTurns first(folder.path()), second(folder.path(), kAsLongAsItTakes);
  std::optional<Turn> turn(&first);
  std::future<bool> waits = std::async(std::launch::async, [&] {
    const Turn next(&second);
    return second.has_turn();
  });
  CHECK(waits.wait_for(kShort) == std::future_status::timeout);
  turn.reset();
  CHECK(waits.get());
}

TEST_CASE("Who has waited as long as its patience reads without a turn, and never waits again", "[store]") {
  const TemporaryFolder folder;
  ReadingTurns first(folder.path()), second(folder.path(), kShort);
  {
    const Turn turn(&first), none(&second);
    CHECK_FALSE(second.has_turn());
    CHECK(first.has_turn());
  }
  const Turn still_none(&second);
  CHECK_FALSE(second.has_turn());
  CHECK(is_free(folder.path()));
}

TEST_CASE("A turn within a turn is the same one, and ends with the outer one", "[store]") {
  const TemporaryFolder folder;
  ReadingTurns turns(folder.path(), kShort);
  {
    Turn outer(&turns);
    { const Turn inner(&turns); }
    CHECK_FALSE(is_free(folder.path()));
    const Turn moved(std::move(outer));
    CHECK_FALSE(is_free(folder.path()));
  }
  CHECK(is_free(folder.path()));
}

TEST_CASE("Where there is no folder to lock everyone reads at once", "[store]") {
  const TemporaryFolder folder;
  ReadingTurns turns(folder.path() / "none", kAsLongAsItTakes);
  const Turn turn(&turns), none(nullptr);
  CHECK_FALSE(turns.has_turn());
}

TEST_CASE("The turn of a reader that is killed is free", "[store]") {
  const TemporaryFolder folder;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t reader = ::fork();
  if (reader == 0) {
    const int held = ::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY);
    const char word = ::flock(held, LOCK_EX) == 0 ? 'y' : 'n';
    if (::write(ends[1], &word, 1) == 1) ::pause();
    ::_exit(1);
  }
  char word = 0;
  REQUIRE(::read(ends[0], &word, 1) == 1);
  CHECK(word == 'y');
  CHECK_FALSE(is_free(folder.path()));
  ::kill(reader, SIGKILL);
  REQUIRE(::waitpid(reader, nullptr, 0) == reader);
  CHECK(is_free(folder.path()));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("A store has a turn where it is read only, and a controller's never waits for one", "[store]") {
  const TemporaryFolder folder;
  const Store controller(folder.path(), Store::Mode::kReadWrite);
  {
    const Turn none = controller.take_turn();
    CHECK(is_free(folder.path()));
  }
  const Store reader(folder.path(), Store::Mode::kReadOnly);
  const Turn turn = reader.take_turn();
  CHECK_FALSE(is_free(folder.path()));
}

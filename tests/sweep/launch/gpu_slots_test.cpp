// GPU slots among controllers, strangers and what ended trials leave; real locks, looks by hand, a clock by hand.
#include "sweep/launch/gpu_slots.h"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "sweep/launch/gpu_lock.h"
#include "sweep/launch/gpu_watch.h"
#include "sweep/launch/local.h"
#include "tests/catch.h"
#include "tests/fakes/fake_gpus.h"

using sweep::GpuAnswer;
using sweep::GpuSlots;
using sweep::Slot;

namespace {

std::string new_uuid() {
  static int number = 0;
  return "GPU-slots-" + std::to_string(::getpid()) + "-" + std::to_string(number++);
}

// One GPU with `count` slots, and one controller of it.
struct Bench {
  explicit Bench(int count = 1, const std::string& gpu = new_uuid())
      : uuid(gpu), all(sweep::gpu_slots({gpu}, count)), slots(all) {
    slots.set_gpus({{.uuid = uuid, .number = "1", .card = uuid}});
    slots.set_looks({[this] { return ++asked; }, [this] { return now_s; },
                     [this](const std::string& text) { notes.push_back(text); }});
  }

  void answer(double used_mib, std::vector<sweep::GpuProcess> processes = {}, const std::string& problem = "") {
    GpuAnswer look;
    look.gpus = {{.uuid = uuid, .number = "1", .card = uuid, .used_mib = used_mib}};
    look.processes = std::move(processes);
    look.problem = problem;
    slots.looked(asked, look);
  }
  bool acquire(int slot = 0) { return slots.acquire(all[slot]); }
  void release(int slot = 0) { slots.release(all[slot]); }
  std::string why(int slot = 0) const { return slots.why_not(all[slot]).text; }
  // Takes a slot of a GPU that is free.
  void take(int slot = 0) {
    REQUIRE(!acquire(slot));
    answer(4);
    REQUIRE(acquire(slot));
  }
  sweep::GpuProcess stranger(int pid = 4711) const {
    return {.gpu = uuid, .pid = pid, .name = "python", .mib = 12595, .lives = true, .lineage = {pid}};
  }

  std::string uuid;
  std::vector<Slot> all;
  GpuSlots slots;
  std::uint64_t asked = 0;
  double now_s = 1000;
  std::vector<std::string> notes;
};

}  // namespace

TEST_CASE("shares of a GPU add up to one at most, and no two holders have one number") {
  const std::string gpu = new_uuid();
  sweep::SlotClaim half = sweep::claim_slot(gpu, 0, 2);
  CHECK(half.lock.is_open());
  CHECK(sweep::claim_slot(gpu, 0, 1).holder == ::getpid());  // wants it alone
  CHECK(sweep::claim_slot(gpu, 0, 2).holder == ::getpid());  // that one is taken
  sweep::SlotClaim third = sweep::claim_slot(gpu, 1, 3);
  CHECK(third.lock.is_open());
  CHECK(!sweep::claim_slot(gpu, 1, 2).lock.is_open());
  CHECK(!sweep::claim_slot(gpu, 2, 3).lock.is_open());  // 1/2 + 1/3 + 1/3
  half.lock.reset();
  std::vector<sweep::SlotClaim> others;
  for (const int number : {0, 2}) others.push_back(sweep::claim_slot(gpu, number, 3));
  for (const auto& claim : others) CHECK(claim.lock.is_open());
  CHECK(!sweep::claim_slot(gpu, 3, 64).lock.is_open());
}

TEST_CASE("who has a GPU alone keeps every share of it from the others") {
  const std::string gpu = new_uuid();
  const sweep::SlotClaim alone = sweep::claim_slot(gpu, 0, 1);
  CHECK(alone.lock.is_open());
  for (int number = 0; number < 2; ++number) CHECK(!sweep::claim_slot(gpu, number, 2).lock.is_open());
  CHECK(sweep::claim_slot(new_uuid(), 0, 2).lock.is_open());
}

TEST_CASE("the slots that are held are listed, also of an instance whose UUID has slashes") {
  const std::string gpu = "MIG-" + new_uuid() + "/3/0";
  const sweep::SlotClaim claim = sweep::claim_slot(gpu, 5, 8);
  int found = 0;
  for (const sweep::SlotHolder& holder : sweep::slot_holders())
    if (holder.gpu == gpu) found += holder.number == 5 && holder.of == 8 && holder.pid == ::getpid();
  CHECK(found == 1);
}

TEST_CASE("a slot is free the moment its holder is killed") {
  const std::string gpu = new_uuid();
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t holder = ::fork();
  if (holder == 0) {
    const sweep::SlotClaim claim = sweep::claim_slot(gpu, 0, 1);
    if (::write(ends[1], "x", 1) != 1) ::_exit(1);
    ::pause();
  }
  char byte = 0;
  REQUIRE(::read(ends[0], &byte, 1) == 1);
  CHECK(sweep::claim_slot(gpu, 0, 1).holder == holder);
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  CHECK(sweep::claim_slot(gpu, 0, 1).lock.is_open());
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a slot is given after a look that began when its lock was held, and not after an older one") {
  Bench bench;
  bench.take();
  bench.release();
  CHECK(!bench.acquire());  // what the look before showed is old
  CHECK(bench.asked == 2);
  CHECK(!bench.acquire());
  CHECK(bench.asked == 2);  // one is under way
  bench.answer(4);
  CHECK(bench.acquire());
  CHECK(bench.why().empty());
}

TEST_CASE("a GPU that a stranger uses is waited for, with the lock free and a look every three seconds") {
  Bench bench;
  CHECK(!bench.acquire());
  bench.answer(13000, {bench.stranger()});
  CHECK(!bench.acquire());
  CHECK(bench.why() == "GPU 1: python (pid 4711) holds 12.3 GiB");
  CHECK(sweep::claim_slot(bench.uuid, 0, 1).lock.is_open());
  bench.now_s += 2.9;
  CHECK(!bench.acquire());
  CHECK(bench.asked == 1);
  bench.now_s += 0.2;
  CHECK(!bench.acquire());
  CHECK(bench.asked == 2);
  CHECK(bench.why() == "GPU 1: python (pid 4711) holds 12.3 GiB");  // while it is looked at
  bench.answer(4);
  CHECK(bench.acquire());
  CHECK(bench.why().empty());
}

TEST_CASE("a slot that another sweep holds names its controller") {
  Bench ours(2);
  const sweep::SlotClaim other = sweep::claim_slot(ours.uuid, 0, 1);
  CHECK(!ours.acquire(0));
  CHECK(!ours.acquire(1));
  CHECK(ours.why(1) == "GPU 1: another sweep (pid " + std::to_string(::getpid()) + ") holds it");
  CHECK(ours.asked == 0);
}

TEST_CASE("trials of this sweep that share the GPU are no strangers, and their memory is not counted") {
  Bench bench(2);
  bench.take(0);
  CHECK(!bench.acquire(1));
  sweep::GpuProcess own = bench.stranger();
  own.lineage.push_back(::getpid());
  bench.answer(13000, {own});
  CHECK(bench.acquire(1));
}

TEST_CASE("after a trial its GPU is used again when its memory is free, which is looked for often") {
  Bench bench;
  bench.take();
  bench.release();
  CHECK(!bench.acquire());
  bench.answer(900);
  CHECK(!bench.acquire());
  CHECK(bench.why() == "GPU 1: 896 MiB of the trial that ended are not free yet");
  bench.now_s += 0.3;
  CHECK(!bench.acquire());
  bench.answer(10);
  CHECK(bench.acquire());
  CHECK(bench.notes.empty());
}

TEST_CASE("memory that stays in use is noted once, and then judged as somebody else's") {
  for (const double left_mib : {900.0, 9000.0}) {
    Bench bench;
    bench.take();
    bench.release();
    for (int i = 0; i < 3; ++i) {
      CHECK(!bench.acquire());
      bench.answer(left_mib);
      CHECK(!bench.acquire());
      bench.now_s += 4;
    }
    CHECK(bench.notes.empty());
    CHECK(!bench.acquire());
    bench.answer(left_mib);
    CHECK(bench.acquire() == (left_mib < sweep::kIdleMib));
    REQUIRE(bench.notes.size() == 1);
    CHECK(
        bench.notes[0].ends_with(" of the trial that ended are not free yet, 12 s after its end; what is in use there "
                                 "now counts as somebody else's"));
  }
}

TEST_CASE("a slot that was looked at and is not wanted any more is given back") {
  Bench bench;
  CHECK(!bench.acquire());
  bench.slots.drop_unclaimed();
  CHECK(!sweep::claim_slot(bench.uuid, 0, 1).lock.is_open());  // the look is under way
  bench.answer(4);
  bench.slots.drop_unclaimed();
  CHECK(sweep::claim_slot(bench.uuid, 0, 1).lock.is_open());
}

TEST_CASE("where nvidia-smi fails in the middle of a sweep, that is noted once and GPUs are used unseen") {
  Bench bench;
  for (int i = 0; i < 2; ++i) {
    CHECK(!bench.acquire());
    bench.slots.looked(bench.asked, {.has_nvidia_smi = true, .problem = "`nvidia-smi` ended with exit code 9"});
    CHECK(bench.acquire());
    bench.release();
    CHECK(bench.acquire());  // it is not asked again at once: each answer may take seconds
    bench.release();
    bench.now_s += 60;
  }
  CHECK(bench.asked == 2);
  CHECK(bench.notes == std::vector<std::string>{"`nvidia-smi` ended with exit code 9: GPUs are used without seeing "
                                                "whether they are free"});
}

TEST_CASE("looks run beside the loop, all slots of one turn share one, and each answer is told") {
  boost::asio::io_context context(1);
  const std::vector<Slot> slots = sweep::gpu_slots({new_uuid(), new_uuid()}, 2);
  GpuSlots gpu_slots(slots);
  int looks = 0;
  std::size_t acquired = 0;
  const auto take_all = [&] {
    for (const Slot& slot : slots) acquired += gpu_slots.acquire(slot);
  };
  const auto ask = [&](int) {
    ++looks;
    return GpuAnswer{};
  };
  sweep::GpuWatch watch(
      context.get_executor(), gpu_slots, ask, [](const std::string&) {},
      [&] {
        take_all();
        context.stop();
      });
  take_all();
  CHECK(acquired == 0);
  const auto work = boost::asio::make_work_guard(context);
  context.run();
  CHECK(acquired == 4);
  CHECK(looks == 1);
}

TEST_CASE("a look that hangs ends with the watch") {
  const FakeGpus machine;
  machine.install();
  boost::asio::io_context context(1);
  const std::vector<Slot> slots = sweep::gpu_slots({machine.uuid(0)}, 1);
  GpuSlots gpu_slots(slots);
  const std::vector<sweep::Gpu> gpus = {{.uuid = machine.uuid(0), .number = "0", .card = machine.uuid(0)}};
  machine.hang();
  const sweep::GpuWatch watch(
      context.get_executor(), gpu_slots,
      [&](int stop) { return sweep::ask_gpus(gpus, std::chrono::minutes(10), stop); }, [](const std::string&) {},
      [] {});
  CHECK(!gpu_slots.acquire(slots[0]));
  context.poll();  // the look begins
  while (!std::filesystem::exists(machine.path() / "calls")) ::usleep(1000);
}

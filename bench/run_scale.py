#!/usr/bin/env python3
"""A controller with 100,000 trials: what its reports, its resume, its memory and each trial cost.

  --read     report, list, show and logs of a sweep of that many trials (median of 7), beside the time in which Python's
             sqlite3 reads the rows, and in which Optuna (where it is installed) loads a study of a tenth as many
  --resume   such a sweep is killed near its end: from exec to the first new trial, and the controller's peak memory
  --cost     a trial's cost around the 1,000th and around the last thousand of one run: by the clock, and in processor
             time of the controller alone, which the rest of the machine hardly touches
  --idle     processor time of a controller whose eight trials sleep
  --readers  fifty processes that report in a loop beside a controller whose trials sleep 20 ms: trials a second by
             turns without them, beside fifty processes that only compute, and beside them: what is lost against those
             that compute is what readers hold up by the store. Once with all fifty as the scheduler's last choice, once
             as the controller's equals (then they take its processor)
  --flat     descriptors, threads and memory of a controller, each 500 trials

Without any of these all of them. All but --idle and --flat share one run.

  bench/run_scale.py [--sweep PROGRAM] [--trials N] [--folder DIR] [--json FILE] [PART]...
"""
import argparse
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

from sweeps import PYTHON, SWEEP, Place, has_module, machine, write_json

PARTS = ["read", "resume", "cost", "idle", "readers", "flat"]
TICK = os.sysconf("SC_CLK_TCK")
OPTUNA_MAKE = """
import sys
import optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.create_study(storage=sys.argv[1], study_name="s")
x = optuna.distributions.IntDistribution(1, 1000000)
study.add_trials([optuna.trial.create_trial(params={"x": i + 1}, distributions={"x": x}, value=0.5)
                  for i in range(int(sys.argv[2]))])
"""
OPTUNA_LOAD = """
import sys
import optuna
print(optuna.load_study(storage=sys.argv[1], study_name="s").best_value)
"""


def target(good, text):
    return "%s (target: %s)" % ("met" if good else "MISSED", text)


def query(runs, sql):
    with sqlite3.connect("file:%s/sweeps.db?mode=ro" % runs, uri=True) as database:
        return database.execute(sql).fetchall()


def ended(runs):
    """How many trials have ended, by the newest such event: they end almost in the order of their indices."""
    try:
        rows = query(runs, "SELECT trial_index FROM events WHERE kind = 'ended' ORDER BY number DESC LIMIT 1")
    except sqlite3.OperationalError:
        return 0  # not there yet
    return rows[0][0] + 1 if rows else 0


class Controller:
    """A `sweep` that runs in the background."""

    def __init__(self, place, command, **environment):
        self.begun_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=place.source,
                                        env={**os.environ, **environment})
        self.pid = self.process.pid
        self.peak_mib = 0.0

    def alive(self):
        """False once it has ended, which leaves its peak and exit code."""
        if self.process.returncode is None:
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
            if pid != 0:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                self.peak_mib = used.ru_maxrss / 1024
        return self.process.returncode is None

    def end(self, which=None):
        if which is not None and self.alive():
            os.kill(self.pid, which)
        while self.alive():
            time.sleep(0.002)
        said = self.process.stderr.read().decode(errors="replace")
        if which is None and self.process.returncode != 0:
            sys.exit("sweep: exit code %d\n%s" % (self.process.returncode, said[-2000:]))

    def cpu_s(self):
        """Its processor time, without that of its trials."""
        with open("/proc/%d/stat" % self.pid) as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def on_cpu_s(self):
        """The same of its threads, in nanoseconds where the kernel counts them."""
        total = 0
        for thread in os.listdir("/proc/%d/task" % self.pid):
            with open("/proc/%d/task/%s/schedstat" % (self.pid, thread)) as stat:
                total += int(stat.read().split()[0])
        return total / 1e9

    def status(self, key):
        with open("/proc/%d/status" % self.pid) as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith(key + ":"))

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.pid))


class Scale(Place):
    def __init__(self, arguments, folder):
        super().__init__(arguments.sweep, folder)
        self.trials = arguments.trials
        self.finished = None  # --runs of the sweep that ran whole

    def start(self, runs, trials, slots, *flags, **environment):
        return Controller(self, self.run_command(runs, trials, slots, *flags), **environment)

    def median_ms(self, command, rounds=7, **more):
        times = []
        for _ in range(rounds):
            begun = time.perf_counter()
            self.run(command, **more)
            times.append((time.perf_counter() - begun) * 1000)
        return statistics.median(times)

    def run_whole(self, found):
        """The run that --read and --cost look at."""
        if self.finished:
            return
        self.finished = self.fresh("runs")
        controller = self.start(self.finished, self.trials, 2)
        self.used = []  # (Unix time in ms, processor seconds)
        begun = time.perf_counter()
        while controller.alive():
            try:
                self.used.append((time.time() * 1000, controller.on_cpu_s()))
            except (OSError, ValueError):
                pass  # it has just ended
            time.sleep(0.05)
        controller.end()
        seconds = time.perf_counter() - begun
        size = os.path.getsize(os.path.join(self.finished, "sweeps.db"))
        found["run"] = {"trials": self.trials, "seconds": seconds, "per_s": self.trials / seconds,
                        "peak_mib": controller.peak_mib, "store_mib": size / 2**20}
        say("run of %d trials: %.1f s, %.0f a second; peak memory of the controller %.1f MB: %s; store %.0f MB" % (
            self.trials, seconds, self.trials / seconds, controller.peak_mib,
            target(controller.peak_mib < 100, "under 100"), size / 2**20))

    # --read

    def read(self, found):
        self.run_whole(found)
        last = self.trials - 1
        verbs = {
            "report --top 20": ["report", "--top", "20"],
            "report": ["report"],
            "report --format csv": ["report", "--format", "csv"],
            "list": ["list"],
            "show '#%d'" % (self.trials // 2): ["show", "#%d" % (self.trials // 2)],
            "logs '#%d'" % last: ["logs", "#%d" % last],
        }
        figures = found["read_ms"] = {}
        for name, words in verbs.items():
            figures[name] = self.median_ms([self.sweep, *words, "--runs", self.finished])
            limit = {"report --top 20": 100, "report --format csv": 1000}.get(name)
            note = ": " + target(figures[name] < limit, "under %d ms" % limit) if limit else ""
            say("sweep %s: %.0f ms%s" % (name, figures[name], note))
        rows = []
        for _ in range(7):
            begun = time.perf_counter()
            assert len(query(self.finished, "SELECT * FROM trials")) == self.trials
            rows.append((time.perf_counter() - begun) * 1000)
        figures["sqlite3 of Python, rows of trials"] = statistics.median(rows)
        say("beside it: Python's sqlite3 reads the rows of `trials` in %.0f ms" % statistics.median(rows))
        self.read_optuna(figures)

    def read_optuna(self, figures):
        if not has_module("optuna"):
            say("beside it: Optuna is not installed here")
            return
        trials = self.trials // 10
        place = "sqlite:///" + self.fresh("optuna.db")
        self.run([PYTHON, "-c", OPTUNA_MAKE, place, str(trials)])
        start = self.median_ms([PYTHON, "-c", "import optuna"], 3)
        load = self.median_ms([PYTHON, "-c", OPTUNA_LOAD, place], 3)
        figures["Optuna, SQLite, %d trials" % trials] = load - start
        say("beside it: Optuna loads a study of %d trials from SQLite in %.0f ms, its start of %.0f ms taken off; a tenth "
            "of the trials, not scaled" % (trials, load - start, start))

    # --resume

    def resume(self, found):
        runs = self.fresh("runs")
        controller = self.start(runs, self.trials, 2)
        while controller.alive() and ended(runs) < self.trials - max(300, self.trials // 200):
            time.sleep(0.1)
        controller.end(signal.SIGKILL)
        times = []
        for number in range(5):
            how = signal.SIGKILL if number % 2 == 0 else signal.SIGTERM
            times.append(self.first_trial_ms(runs, how))
        stamp = self.fresh("stamp")
        controller = Controller(self, [self.sweep, "resume", "--runs", runs, "--quiet"], NOOP_STAMP=stamp)
        controller.end()
        left = len(open(stamp).readlines())
        peak = controller.peak_mib
        found["resume"] = {"ms": times, "median_ms": statistics.median(times), "left": left, "peak_mib": peak}
        say("resume with some of %d trials left, from exec to the first new trial: %.0f ms (%s): %s" % (
            self.trials, statistics.median(times), " ".join("%.0f" % t for t in times),
            target(statistics.median(times) < 500, "under 500 ms")))
        say("peak memory of the controller that ran the last %d: %.1f MB: %s" % (left, peak, target(peak < 100, "under 100")))

    def first_trial_ms(self, runs, how):
        stamp = self.fresh("stamp")
        controller = Controller(self, [self.sweep, "resume", "--runs", runs, "--slots", "2", "--quiet"],
                                NOOP_STAMP=stamp)
        while controller.alive() and not (os.path.exists(stamp) and os.path.getsize(stamp) > 0):
            time.sleep(0.001)
        controller.end(how)
        with open(stamp) as lines:
            return (int(lines.readline()) - controller.begun_ns) / 1e6

    # --cost

    def cost(self, found):
        self.run_whole(found)
        ends = [row[0] for row in query(self.finished, "SELECT time_ms FROM events WHERE kind = 'ended' ORDER BY number")]
        windows = {"around 1,000": 500, "around the middle": self.trials // 2 - 500, "at the end": self.trials - 1500}
        figures = found["cost"] = {}
        for name, first in windows.items():
            begun, done = ends[first], ends[first + 1000]
            used = self.used_at(done) - self.used_at(begun)
            figures[name] = {"per_s": 1e6 / max(1, done - begun), "controller_us": used * 1000}
            say("1,000 trials %s: %.0f a second; %.0f µs of the controller's processor time a trial" % (
                name, figures[name]["per_s"], figures[name]["controller_us"]))
        early, late = figures["around 1,000"], figures["at the end"]
        for key, words, more in (("per_s", "trials a second", early["per_s"] / late["per_s"]),
                                 ("controller_us", "the controller's time", late["controller_us"] / early["controller_us"])):
            change = 100 * (more - 1)
            figures["change of " + key] = change
            say("a trial costs %+.1f %% at the end by %s: %s" % (change, words, target(change < 10, "within 10 %")))

    def used_at(self, when_ms):
        """Between the two samples around that time."""
        for (a, used_a), (b, used_b) in zip(self.used, self.used[1:]):
            if a <= when_ms <= b:
                return used_a + (used_b - used_a) * (when_ms - a) / max(1e-9, b - a)
        return self.used[-1][1]

    # --idle

    def idle(self, found):
        runs = self.fresh("runs")
        controller = self.start(runs, 8, 8, NOOP_SLEEP_MS="20000")
        while controller.alive() and (not os.path.exists(runs) or running(runs) < 8):
            time.sleep(0.05)
        time.sleep(2)
        ticks, fine, begun = controller.cpu_s(), controller.on_cpu_s(), time.perf_counter()
        time.sleep(10)
        seconds = time.perf_counter() - begun
        fine, ticks = controller.on_cpu_s() - fine, controller.cpu_s() - ticks
        controller.end(signal.SIGTERM)
        percent = 100 * fine / seconds
        found["idle"] = {"seconds": seconds, "cpu_ms": fine * 1000, "stat_ms": ticks * 1000, "percent": percent}
        say("idle beside eight trials for %.1f s: %.2f ms of processor time (%.0f ms by /proc/PID/stat), %.4f %% of a core: %s"
            % (seconds, fine * 1000, ticks * 1000, percent, target(percent < 0.5, "under 0.5 %")))

    # --readers

    def readers(self, found):
        figures = found["readers"] = {}
        for name, last_choice in (("as the scheduler's last choice", True), ("as its equals", False)):
            one = figures[name] = self.readers_beside(last_choice)
            say("fifty readers %s: %.0f trials a second alone, %.0f beside fifty that compute, %.0f beside fifty readers" % (
                name, one["alone"], one["computing"], one["reading"]))
            say("    change against alone %+.1f %% (%s), against those that compute %+.1f %% (%s): %s" % (
                statistics.median(one["changes"]), " ".join("%+.1f" % c for c in one["changes"]),
                statistics.median(one["by_store"]), " ".join("%+.1f" % c for c in one["by_store"]),
                target(statistics.median(one["changes"]) > -10 and one["failed"] == 0, "within 10 %, no reader fails")))
            say("    %d reports read, %d failed; the journal grew to %.1f MB" % (one["reads"], one["failed"], one["wal_mib"]))

    def readers_beside(self, last_choice, rounds=3, seconds=5):
        runs = self.fresh("runs")
        controller = self.start(runs, 1000000, 8, NOOP_SLEEP_MS="20")  # more than it comes to
        while controller.alive() and (not os.path.exists(runs) or ended(runs) < 200):
            time.sleep(0.05)
        alone, computing, reading, wal, reads, failed = [], [], [], 0.0, 0, 0
        for _ in range(rounds):
            alone.append(self.rate(runs, seconds))
            group = Fifty(self, COMPUTE, runs, last_choice)
            time.sleep(1)
            computing.append(self.rate(runs, seconds))
            group.end()
            group = Fifty(self, READ, runs, last_choice)
            time.sleep(1)
            reading.append(self.rate(runs, seconds))
            wal = max(wal, os.path.getsize(os.path.join(runs, "sweeps.db-wal")) / 2**20)
            good, bad = group.end()
            reads, failed = reads + good, failed + bad
        controller.end(signal.SIGTERM)
        return {"alone": statistics.median(alone), "computing": statistics.median(computing),
                "reading": statistics.median(reading), "changes": [100 * (r / a - 1) for r, a in zip(reading, alone)],
                "by_store": [100 * (r / c - 1) for r, c in zip(reading, computing)],
                "reads": reads, "failed": failed, "wal_mib": wal}

    def rate(self, runs, seconds):
        begun = time.perf_counter()
        first = ended(runs)
        time.sleep(seconds)
        last = ended(runs)
        return (last - first) / (time.perf_counter() - begun)

    # --flat

    def flat(self, found):
        trials, samples = min(10000, self.trials), []
        runs = self.fresh("runs")
        controller = self.start(runs, trials, 2)
        next_at = 1000
        while controller.alive():
            now = ended(runs)
            if now >= next_at:
                samples.append(self.sample(controller, now))
                next_at += 500
            time.sleep(0.02)
        controller.end()
        samples = [s for s in samples if s]
        figures = found["flat"] = {"samples": samples}
        descriptors, threads = [[s[key] for s in samples] for key in ("most_descriptors", "threads")]
        first, last = samples[0], samples[-1]
        bytes_each = 1024 * (last["rss_kib"] - first["rss_kib"]) / max(1, last["trials"] - first["trials"])
        figures["bytes_each"] = bytes_each
        half = len(samples) // 2
        same = max(descriptors[half:]) <= max(descriptors[:half]) and max(threads) == min(threads)
        say("from trial %d to %d, %d samples: descriptors %d to %d (%d to %d in the last half), threads %d to %d: %s" % (
            first["trials"], last["trials"], len(samples), min(descriptors), max(descriptors), min(descriptors[half:]),
            max(descriptors[half:]), min(threads), max(threads),
            target(same, "no more in the last half")))
        say("resident memory %.1f MB to %.1f MB: %.0f bytes a trial, which is what is held of each; of 100,000 %.0f MB" % (first["rss_kib"] / 1024, last["rss_kib"] / 1024, bytes_each, bytes_each * 1e5 / 2**20))

    def sample(self, controller, trials):
        """Descriptors come and go with each trial: several looks."""
        looks = []
        for _ in range(20):
            if not controller.alive():
                return None
            time.sleep(0.003)
            try:
                looks.append((controller.descriptors(), controller.status("Threads"), controller.status("VmRSS")))
            except (OSError, StopIteration):
                return None
        return {"trials": trials, "descriptors": min(l[0] for l in looks), "most_descriptors": max(l[0] for l in looks),
                "threads": min(l[1] for l in looks), "rss_kib": statistics.median(l[2] for l in looks)}


def running(runs):
    try:
        return query(runs, "SELECT count(*) FROM trials WHERE phase = 'running'")[0][0]
    except sqlite3.OperationalError:
        return 0


COMPUTE = 'while [ -e "$1" ]; do :; done'
READ = """
while [ -e "$1" ]; do
  if "$2" report --top 20 --runs "$3" >/dev/null 2>>"$4"; then echo good; else echo bad; fi
done
"""


class Fifty:
    """Processes of which each does the same again and again, until they are told to end."""

    def __init__(self, place, script, runs, last_choice):
        self.flag, self.errors = place.fresh("flag"), place.fresh("errors")
        open(self.flag, "w").close()

        def step_back():
            if last_choice:
                os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))

        self.processes = [
            subprocess.Popen(["sh", "-c", script, "sh", self.flag, place.sweep, runs, self.errors],
                             stdout=subprocess.PIPE, text=True, preexec_fn=step_back) for _ in range(50)]

    def end(self):
        """How many readers read, and how many failed."""
        os.unlink(self.flag)
        words = [word for process in self.processes for word in process.communicate()[0].split()]
        if "bad" in words:
            print(open(self.errors).read()[:2000], file=sys.stderr)
        return words.count("good"), words.count("bad")


def say(text):
    print(text, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sweep", default=SWEEP)
    parser.add_argument("--trials", type=int, default=100000)
    parser.add_argument("--folder", default="/tmp", help="the file system to run on")
    parser.add_argument("--json", help="write all figures to this file")
    for part in PARTS:
        parser.add_argument("--" + part, action="store_true")
    arguments = parser.parse_args()
    say("%s, on %s" % (machine(), arguments.folder))
    parts = [part for part in PARTS if getattr(arguments, part)] or PARTS
    folder = tempfile.mkdtemp(prefix="sweep-scale-", dir=arguments.folder)
    found = {"machine": machine()}
    try:
        scale = Scale(arguments, folder)
        for part in parts:
            getattr(scale, part)(found)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    write_json(arguments.json, found)


if __name__ == "__main__":
    main()

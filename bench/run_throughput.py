#!/usr/bin/env python3
"""Trials a second of `sweep run` with a trial that does nothing, beside the limit and beside others.

The limit is spawn_limit.c: posix_spawn, a pipe, waitpid, nothing kept. In each round all take their turn, so that what
else the machine does meets all of them; a ratio is the median of the rounds' ratios. A run of one trial is the start-up:
it is told apart and taken off. Every run has a fresh folder; none is removed before the end, since a file system that
has just removed files makes others slowly.

  bench/run_throughput.py [--sweep PROGRAM] [--trials N] [--rounds N] [--folder DIR]... [--no-peers]
"""
import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SWEEP_FILE = """
name: throughput
program: noop_trial
command: ["${program}"]
method: grid
metric: {name: loss, goal: minimize}
keep: {last: none, best: 0}
parameters:
  x: {distribution: int_uniform, min: 1, max: 1000000}
"""
OPTUNA = """
import subprocess, sys
import optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
kind, place, program, trials, slots = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
if kind == "sqlite":
    storage = "sqlite:///" + place
else:
    storage = optuna.storages.JournalStorage(optuna.storages.JournalFileStorage(place))
study = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler(seed=0))
def objective(trial):
    trial.suggest_int("x", 1, trials)
    subprocess.run([program], check=True, stdout=subprocess.DEVNULL)
    return 0.5
study.optimize(objective, n_trials=trials, n_jobs=slots)
"""


def run(command, **more):
    begun = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    if done.returncode != 0:
        sys.exit("%s: exit code %d\n%s" % (" ".join(command[:4]), done.returncode, done.stderr[-2000:]))
    return time.perf_counter() - begun, done.stdout


class Bench:
    def __init__(self, arguments, folder):
        self.sweep, self.trials, self.folder = arguments.sweep, arguments.trials, folder
        self.number = 0
        self.trial = os.path.join(folder, "source", "noop_trial")
        self.limit_program = os.path.join(folder, "spawn_limit")
        os.mkdir(os.path.join(folder, "source"))
        self.file = os.path.join(folder, "source", "sweep.yaml")
        with open(self.file, "w") as out:
            out.write(SWEEP_FILE)
        for name, out in (("noop_trial.c", self.trial), ("spawn_limit.c", self.limit_program)):
            run([os.environ.get("CC", "cc"), "-O2", "-o", out, os.path.join(HERE, name)])

    def fresh(self, name):
        self.number += 1
        return os.path.join(self.folder, "%s-%d" % (name, self.number))

    def limit(self, slots):
        return float(run([self.limit_program, self.trial, str(self.trials), str(slots)])[1])

    def run_sweep(self, trials, slots):
        return run([self.sweep, "run", self.file, "--count", str(trials), "--runs", self.fresh("runs"), "--slots",
                    str(slots), "--quiet"], cwd=os.path.dirname(self.file))[0]

    def ours(self, slots):
        start = self.run_sweep(1, slots)
        whole = self.run_sweep(self.trials, slots)
        return (self.trials - 1) / (whole - start), start

    def parallel(self, slots):
        numbers = "\n".join(str(i) for i in range(self.trials)) + "\n"
        command = ["parallel", "-j", str(slots), "--joblog", self.fresh("joblog"), self.trial, ":::: -"]
        command[-1:] = ["::::", "-"]
        return self.trials / run(command, input=numbers)[0]

    def optuna(self, kind, slots, trials):
        start = run([sys.executable, "-c", OPTUNA, kind, self.fresh(kind), self.trial, "1", str(slots)])[0]
        whole = run([sys.executable, "-c", OPTUNA, kind, self.fresh(kind), self.trial, str(trials), str(slots)])[0]
        return (trials - 1) / max(1e-9, whole - start)


def measure(arguments, place):
    folder = tempfile.mkdtemp(prefix="sweep-throughput-", dir=place)
    found = {}
    try:
        bench = Bench(arguments, folder)
        for slots in (1, 2):
            rounds = []
            for _ in range(arguments.rounds):
                limit = bench.limit(slots)
                ours, start = bench.ours(slots)
                limit = (limit + bench.limit(slots)) / 2  # before and after
                rounds.append({"limit": limit, "sweep": ours, "start_s": start, "ratio": ours / limit})
            line = {"rounds": rounds}
            for key in ("limit", "sweep", "start_s", "ratio"):
                line[key] = statistics.median(r[key] for r in rounds)
            if arguments.peers:
                peers = {}
                if shutil.which("parallel"):
                    peers["GNU parallel --joblog"] = bench.parallel(slots)
                if subprocess.run([sys.executable, "-c", "import optuna"], stderr=subprocess.DEVNULL).returncode == 0:
                    peers["Optuna, SQLite"] = bench.optuna("sqlite", slots, 60)
                    peers["Optuna, journal"] = bench.optuna("journal", slots, 300)
                limit = bench.limit(slots)
                line["peers"] = {name: {"per_s": rate, "ratio": rate / limit} for name, rate in peers.items()}
            found[slots] = line
            print("%s, %d slot%s: limit %.0f/s, sweep %.0f/s, ratio %.3f (%s), start-up %.3f s" % (
                place, slots, "s" if slots > 1 else "", line["limit"], line["sweep"], line["ratio"],
                " ".join("%.2f" % r["ratio"] for r in rounds), line["start_s"]), flush=True)
            for name, peer in line.get("peers", {}).items():
                print("    %s: %.0f/s, ratio %.3f" % (name, peer["per_s"], peer["ratio"]), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sweep", default=os.path.join(HERE, "..", "build", "release", "bin", "sweep"))
    parser.add_argument("--trials", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", action="append", help="a file system to run on; /tmp and /dev/shm otherwise")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    parser.add_argument("--json", help="write all figures to this file")
    arguments = parser.parse_args()
    arguments.sweep = os.path.abspath(arguments.sweep)
    print("%s, %d processors, load %.2f" % (platform.platform(), os.cpu_count(), os.getloadavg()[0]), flush=True)
    found = {place: measure(arguments, place) for place in arguments.folder or ["/tmp", "/dev/shm"]}
    if arguments.json:
        with open(arguments.json, "w") as out:
            json.dump(found, out, indent=1)
            out.write("\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Trials a second of `sweep run` with a trial that does nothing, beside the limit and beside others.

The limit is spawn_limit.c: posix_spawn, a pipe, waitpid, nothing kept. In each round all take their turn, so that what
else the machine does meets all of them; a ratio is the median of the rounds' ratios. A run of one trial is the start-up:
it is told apart and taken off. Every run has a fresh folder; none is removed before the end, since a file system that
has just removed files makes others slowly. Of several programs each has its turn in every round, since one program's
medians scatter by 0.03 from run to run.

  bench/run_throughput.py [--sweep PROGRAM]... [--trials N] [--rounds N] [--folder DIR]... [--no-peers]
"""
import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time

from sweeps import PYTHON, SWEEP, Place, has_module, machine, write_json

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


class Bench(Place):
    def __init__(self, sweep, trials, folder):
        super().__init__(sweep, folder)
        self.trials = trials
        self.limit_program = self.compile("spawn_limit.c", os.path.join(folder, "spawn_limit"))

    def timed(self, command, **more):
        begun = time.perf_counter()
        self.run(command, **more)
        return time.perf_counter() - begun

    def limit(self, slots):
        return float(self.run([self.limit_program, self.trial, str(self.trials), str(slots)]))

    def run_sweep(self, trials, slots):
        return self.timed(self.run_command(self.fresh("runs"), trials, slots), cwd=self.source)

    def ours(self, slots):
        start = self.run_sweep(1, slots)
        whole = self.run_sweep(self.trials, slots)
        return (self.trials - 1) / (whole - start), start

    def parallel(self, slots):
        numbers = "\n".join(str(i) for i in range(self.trials)) + "\n"
        command = ["parallel", "-j", str(slots), "--joblog", self.fresh("joblog"), self.trial, "::::", "-"]
        return self.trials / self.timed(command, input=numbers)

    def optuna(self, kind, slots, trials):
        command = [PYTHON, "-c", OPTUNA, kind]
        start = self.timed(command + [self.fresh(kind), self.trial, "1", str(slots)])
        whole = self.timed(command + [self.fresh(kind), self.trial, str(trials), str(slots)])
        return (trials - 1) / max(1e-9, whole - start)


def rounds_of(benches, slots, count):
    """For each program its rounds, by turns: each between two measures of the limit."""
    rounds = [[] for _ in benches]
    for turn in range(count):
        before = benches[0].limit(slots)
        order = list(range(len(benches)))
        for i in order[turn % len(order):] + order[:turn % len(order)]:
            ours, start = benches[i].ours(slots)
            after = benches[0].limit(slots)
            limit = (before + after) / 2
            before = after
            rounds[i].append({"limit": limit, "sweep": ours, "start_s": start, "ratio": ours / limit})
    return rounds


def peers_of(bench, slots):
    peers = {}
    if shutil.which("parallel"):
        peers["GNU parallel --joblog"] = bench.parallel(slots)
    if has_module("optuna"):
        peers["Optuna, SQLite"] = bench.optuna("sqlite", slots, 60)
        peers["Optuna, journal"] = bench.optuna("journal", slots, 300)
    limit = bench.limit(slots)
    return {name: {"per_s": rate, "ratio": rate / limit} for name, rate in peers.items()}


def measure(arguments, place):
    folder = tempfile.mkdtemp(prefix="sweep-throughput-", dir=place)
    found = {}
    try:
        programs = arguments.sweep or [SWEEP]
        benches = []
        for number, program in enumerate(programs):
            own = os.path.join(folder, str(number))
            os.mkdir(own)
            benches.append(Bench(program, arguments.trials, own))
        for slots in (1, 2):
            found[slots] = {}
            for program, rounds in zip(programs, rounds_of(benches, slots, arguments.rounds)):
                line = {"rounds": rounds}
                for key in ("limit", "sweep", "start_s", "ratio"):
                    line[key] = statistics.median(r[key] for r in rounds)
                found[slots][program] = line
                print("%s, %d slot%s%s: limit %.0f/s, sweep %.0f/s, ratio %.3f (%s), start-up %.3f s" % (
                    place, slots, "s" if slots > 1 else "", ", " + program if len(programs) > 1 else "", line["limit"],
                    line["sweep"], line["ratio"], " ".join("%.2f" % r["ratio"] for r in rounds), line["start_s"]),
                    flush=True)
            if arguments.peers:
                found[slots]["peers"] = peers_of(benches[0], slots)
                for name, peer in found[slots]["peers"].items():
                    print("    %s: %.0f/s, ratio %.3f" % (name, peer["per_s"], peer["ratio"]), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sweep", action="append", help="a program; several have their turns in each round")
    parser.add_argument("--trials", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", action="append", help="a file system to run on; /tmp and /dev/shm otherwise")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    parser.add_argument("--json", help="write all figures to this file")
    arguments = parser.parse_args()
    print(machine(), flush=True)
    found = {place: measure(arguments, place) for place in arguments.folder or ["/tmp", "/dev/shm"]}
    write_json(arguments.json, found)


if __name__ == "__main__":
    main()

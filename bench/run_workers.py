#!/usr/bin/env python3
"""What `resources.reuse_process` is worth on the CPU: trials a second of a trivial trial of the built-in trainer with and
without it, and, where a data set is named, the time from a worker's assignment to `started`, which is sent right before
the first step: by the clock, and of the processor, which says the same on a busy machine.

  bench/run_workers.py [--bin FOLDER] [--trials N] [--data FOLDER]
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile
import time

from sweeps import HERE, machine

TABLE = "a,b,label\n0,1,0\n1,0,1\n0.2,0.9,0\n0.8,0.1,1\n"
FILE = """
method: grid
data: data.csv
metric: {name: train_loss, goal: minimize}
keep: {last: none, best: 0}
resources: {reuse_process: %s}
parameters:
  hidden: {value: [2]}
  epochs: {value: 1}
  batch_size: {value: 4}
  validation_fraction: {value: 0}
  learning_rate: {distribution: q_uniform, min: 0.00001, max: 10, q: 0.00001}
"""


def rate(sweep, reuse, trials, slots):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("data.csv", TABLE), ("sweep.yaml", FILE % ("true" if reuse else "false"))):
            with open(os.path.join(folder, name), "w") as out:
                out.write(text)
        seconds = []
        for count in (1, trials):
            begun = time.perf_counter()
            subprocess.run([sweep, "run", "sweep.yaml", "--device", "cpu", "--slots", str(slots), "--quiet", "--count",
                            str(count), "--runs", "runs-%d" % count], cwd=folder, check=True,
                           stdout=subprocess.DEVNULL)
            seconds.append(time.perf_counter() - begun)
        return (trials - 1) / (seconds[1] - seconds[0])


def processor_ms(pid):
    """Milliseconds that the threads of a process have computed."""
    tasks = "/proc/%d/task" % pid
    return sum(int(open(os.path.join(tasks, task, "schedstat")).read().split()[0]) for task in os.listdir(tasks)) / 1e6


def starts(trainer, data, split, fraction):
    """Milliseconds from assignment to `started`, by the clock and of the processor: of the first trial, and the median
    of the others, each with another seed."""
    said = subprocess.run([trainer, "data", data], capture_output=True, text=True, check=True).stdout
    digest = re.search("[0-9a-f]{64}", said).group(0)
    config = {"epochs": 1, "hidden": [16], "batch_size": 1000, "split": split, "validation_fraction": fraction}
    worker = subprocess.Popen([trainer, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    found = []
    for seed in range(6):
        document = {"protocol": 1, "sweep": "s", "trial": "t", "index": seed, "replicate": 0, "seed": seed,
                    "config": config, "device": "cpu", "threads": 1, "numerics": "portable-1", "trace": "off",
                    "data": {"name": data, "path": os.path.abspath(data), "sha256": digest}}
        begun, computed = time.perf_counter(), processor_ms(worker.pid)
        worker.stdin.write(json.dumps({"document": document, "environment": {}}) + "\n")
        worker.stdin.flush()
        for line in worker.stdout:
            if '"started"' in line:
                found.append(((time.perf_counter() - begun) * 1000, processor_ms(worker.pid) - computed))
            if '"worker"' in line:
                break
    worker.stdin.close()
    worker.wait()
    return found[0] + tuple(statistics.median(each) for each in zip(*found[1:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default=os.path.join(HERE, "..", "build", "release", "bin"))
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--data", help="a data set to start on")
    arguments = parser.parse_args()
    print(machine(), flush=True)
    sweep, trainer = (os.path.abspath(os.path.join(arguments.bin, name)) for name in ("sweep", "sweep-trainer"))
    for slots in (1, 2):
        print("%d slots: %.0f trials/s with workers, %.0f without" % (
            slots, rate(sweep, True, arguments.trials, slots), rate(sweep, False, arguments.trials // 10, slots)),
            flush=True)
    if arguments.data:
        for split, fraction in (("tail", 0.1), ("random", 0.1), ("stratified", 0.1), ("random", 0.5)):
            print("assignment to started, split %s of %g: first %.1f ms (processor %.1f), then %.2f ms (%.2f), median" % (
                (split, fraction) + starts(trainer, arguments.data, split, fraction)), flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What recording costs: the processor time of a training with fingerprints of every step, of every tenth and of none.

Both ends are measured: the trainer by itself, and `sweep run`, which stores what the trainer says with a digest beside
each row. All settings take turns in each round, so that what else the machine does meets all of them. Processor time of
the processes counts, not the clock, and of each setting the least of all rounds: what else runs on the machine only adds
to it. What is done once a trial (start, data, network, test set) is measured with one epoch and taken off.

  bench/run_recording.py [--bin FOLDER] [--data FOLDER] [--epochs N] [--rounds N] [--batch N]...
"""
import argparse
import json
import os
import re
import subprocess
import tempfile

from sweeps import HERE, machine

TRACES = ("off", 10, "step")


def processor_seconds(command, **more):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **more)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit("%s: exit code %d\n%s" % (command[0], process.returncode, said.decode()[-2000:]))
    return usage.ru_utime + usage.ru_stime


class Bench:
    def __init__(self, arguments, folder):
        self.trainer = os.path.join(arguments.bin, "sweep-trainer")
        self.sweep = os.path.join(arguments.bin, "sweep")
        self.data, self.folder, self.runs = os.path.abspath(arguments.data), folder, 0
        said = subprocess.run([self.trainer, "data", self.data], capture_output=True, text=True, check=True).stdout
        self.digest = re.search("[0-9a-f]{64}", said).group(0)

    def config(self, batch, epochs):
        return {"epochs": epochs, "hidden": [512, 256], "batch_size": batch, "schedule": "constant",
                "validation_fraction": 0.02, "split": "tail"}

    def alone(self, batch, epochs, trace):
        document = {"protocol": 1, "sweep": "s", "trial": "t", "index": 0, "replicate": 0, "seed": 1,
                    "config": self.config(batch, epochs), "device": "cpu", "threads": 1, "numerics": "portable-1",
                    "trace": trace, "data": {"name": "d", "path": self.data, "sha256": self.digest}}
        file = os.path.join(self.folder, "trial.json")
        with open(file, "w") as out:
            json.dump(document, out)
        return processor_seconds([self.trainer, file])

    def swept(self, batch, epochs, trace):
        self.runs += 1
        file = os.path.join(self.folder, "sweep.json")
        parameters = {name: {"value": value} for name, value in self.config(batch, epochs).items()}
        with open(file, "w") as out:
            json.dump({"method": "grid", "data": self.data, "trace": trace, "parameters": parameters,
                       "metric": {"name": "val_loss"}, "keep": {"last": "none", "best": 0}}, out)
        return processor_seconds([self.sweep, "run", file, "--device", "cpu", "--quiet", "--runs",
                                  os.path.join(self.folder, "runs-%d" % self.runs)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default=os.path.join(HERE, "..", "build", "release", "bin"))
    parser.add_argument("--data", required=True, help="a folder with Fashion-MNIST")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, action="append")
    parser.add_argument("--only", choices=("trainer", "sweep run"))
    arguments = parser.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="sweep-recording-") as folder:
        bench = Bench(arguments, folder)
        for batch in arguments.batch or [128]:
            steps = arguments.epochs * -(-58800 // batch)
            for name, measure in (("trainer", bench.alone), ("sweep run", bench.swept)):
                if arguments.only not in (None, name):
                    continue
                long, short = {t: [] for t in TRACES}, {t: [] for t in TRACES}
                for _ in range(arguments.rounds):
                    for trace in TRACES:
                        long[trace].append(measure(batch, arguments.epochs + 1, trace))
                        short[trace].append(measure(batch, 1, trace))
                step = {t: 1000 * (min(long[t]) - min(short[t])) / steps for t in TRACES}
                print("MLP 784-512-256-10, batch %d, %s: %.3f ms a step without fingerprints" % (
                    batch, name, step["off"]), flush=True)
                for trace in TRACES[1:]:
                    print("    trace %-5s %.3f ms, %+.1f %%" % (trace, step[trace],
                                                             100 * (step[trace] / step["off"] - 1)), flush=True)



if __name__ == "__main__":
    main()

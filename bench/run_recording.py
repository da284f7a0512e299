#!/usr/bin/env python3
"""What recording costs: the processor time of a training with fingerprints of every step, of every tenth and of none.

Both ends are measured: the trainer by itself, and `sweep run`, which stores what the trainer says with a digest beside
each row. All settings take turns in each round, so that what else the machine does meets all of them; a cost is the
median of the rounds' ratios to `off`. Processor time of the processes counts, not the clock. What is done once a trial
(start, data, network) is measured with one epoch and taken off.

  bench/run_recording.py [--bin FOLDER] [--data FOLDER] [--epochs N] [--rounds N] [--batch N]...
"""
import argparse
import json
import os
import re
import statistics
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

    def seconds(self, measure, batch, epochs):
        """Of `epochs` epochs, by trace; the start is that of one epoch more."""
        return {trace: measure(batch, epochs + 1, trace) - measure(batch, 1, trace) for trace in TRACES}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default=os.path.join(HERE, "..", "build", "release", "bin"))
    parser.add_argument("--data", required=True, help="a folder with Fashion-MNIST")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, action="append")
    arguments = parser.parse_args()
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="sweep-recording-") as folder:
        bench = Bench(arguments, folder)
        for batch in arguments.batch or [128]:
            steps = arguments.epochs * -(-58800 // batch)
            for name, measure in (("trainer", bench.alone), ("sweep run", bench.swept)):
                rounds = [bench.seconds(measure, batch, arguments.epochs) for _ in range(arguments.rounds)]
                off = statistics.median(r["off"] for r in rounds)
                print("MLP 784-512-256-10, batch %d, %s: %.3f ms a step without fingerprints" % (
                    batch, name, 1000 * off / steps), flush=True)
                for trace in TRACES[1:]:
                    ratios = sorted(r[trace] / r["off"] - 1 for r in rounds)
                    print("    trace %-5s %+.2f %%  (%s)" % (trace, 100 * statistics.median(ratios),
                                                            " ".join("%+.2f" % (100 * r) for r in ratios)), flush=True)


if __name__ == "__main__":
    main()

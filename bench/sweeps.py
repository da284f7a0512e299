"""What the scripts that measure the controller share: a folder with a trial program that does nothing and a sweep file
for it, and how a program is run. Used by run_throughput.py and run_scale.py."""
import json
import os
import platform
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"  # the distribution's, which has the distribution's Optuna
SWEEP = os.path.join(HERE, "..", "build", "release", "bin", "sweep")
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


def machine():
    return "%s, %d processors, load %.2f" % (platform.platform(), os.cpu_count(), os.getloadavg()[0])


def write_json(file, found):
    """Where a file is named."""
    if file:
        with open(file, "w") as out:
            json.dump(found, out, indent=1)
            out.write("\n")


def has_module(name):
    return subprocess.run([PYTHON, "-c", "import " + name], stderr=subprocess.DEVNULL).returncode == 0


class Place:
    """A folder with the sweep file and its program."""

    def __init__(self, sweep, folder):
        self.sweep, self.folder = os.path.abspath(sweep), folder
        self.number = 0
        self.source = os.path.join(folder, "source")
        os.mkdir(self.source)
        self.file = os.path.join(self.source, "sweep.yaml")
        with open(self.file, "w") as out:
            out.write(SWEEP_FILE)
        self.trial = self.compile("noop_trial.c", os.path.join(self.source, "noop_trial"))

    def compile(self, source, program):
        self.run([os.environ.get("CC", "cc"), "-O2", "-o", program, os.path.join(HERE, source)])
        return program

    def fresh(self, name):
        self.number += 1
        return os.path.join(self.folder, "%s-%d" % (name, self.number))

    def run(self, command, **more):
        """What it printed. A failure ends the script."""
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
        if done.returncode != 0:
            sys.exit("%s: exit code %d\n%s" % (" ".join(command[:4]), done.returncode, done.stderr[-2000:]))
        return done.stdout

    def run_command(self, runs, trials, slots, *flags):
        return [self.sweep, "run", self.file, "--count", str(trials), "--runs", runs, "--slots", str(slots),
                *(flags or ["--quiet"])]

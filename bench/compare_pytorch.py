#!/usr/bin/python3
"""One epoch of a network on Fashion-MNIST: sweep-trainer beside PyTorch at its best, taking turns. Started by
bench/run-compare. Prints a table and writes it, with every single time, into bench/results/.

--network mlp is 784-512-256-10; cnn is two blocks of convolution 3×3 (16, then 32 channels), ReLU and pooling 2×2 and a
fully connected layer; cnn-norm is the same with batch norm before each ReLU. Both train on the first images (54,000; of
the CNNs 6,400, or --images), kept in memory, in batches gathered by index, in another order each epoch.
Theirs: timed inside the process, training and nothing else; every combination of OMP_NUM_THREADS and
OPENBLAS_NUM_THREADS up to the number of threads, Adam with and without foreach, and convolutions with images as
NCHW and as channels_last; its convolutions are oneDNN's where PyTorch has it. Its ReLU of the cnn works in place.
Ours: the time between two epochs' metric events as they arrive on the pipe, so it holds the fingerprint of every step
and the writing of the events as well. For the mlp a second line each holds out 6,000 of 60,000 images and validates
after every epoch, as a sweep does."""

import argparse
import datetime
import gzip
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BATCH_SIZE, LEARNING_RATE = 128, 0.001
CNN = {"model": "cnn", "channels": [16, 32], "kernel": 3, "pool": "max", "dense": [], "dropout": 0.0}
NETWORKS = {
    "mlp": {"model": "mlp", "hidden": [512, 256], "dropout": 0.2},
    "cnn": CNN | {"batch_norm": False},
    "cnn-norm": CNN | {"batch_norm": True},
}
IMAGES = {"mlp": 54000, "cnn": 6400, "cnn-norm": 6400}
CLEAN = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}


class PyTorch:
    """A process that trains one epoch whenever it is asked to."""

    def __init__(self, data, network, images, omp, openblas, foreach, channels_last):
        self.threads = max(omp, openblas)
        self.name = f"PyTorch, OMP {omp}, OpenBLAS {openblas}, foreach {'on' if foreach else 'off'}"
        if network["model"] == "cnn":
            self.name += ", channels_last" if channels_last else ", NCHW"
        options = {"folder": str(data), "images": images, "network": network, "learning_rate": LEARNING_RATE,
                   "batch_size": BATCH_SIZE, "omp": omp, "foreach": foreach, "channels_last": channels_last}
        threads = {"OMP_NUM_THREADS": str(omp), "OPENBLAS_NUM_THREADS": str(openblas), "OMP_WAIT_POLICY": "passive"}
        self.process = subprocess.Popen(["/usr/bin/python3", str(ROOT / "bench/pytorch_epoch.py"), json.dumps(options)],
                                        env=CLEAN | threads, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit("compare_pytorch: PyTorch did not start, scripts/install-deps --peers installs it")
        self.loaded = json.loads(line)
        if not any("openblas" in os.path.realpath(file) for file in self.loaded["blas"]):
            sys.exit(f"compare_pytorch: PyTorch's BLAS is {self.loaded['blas']}, not OpenBLAS; choose it with "
                     "update-alternatives --config libblas.so.3-x86_64-linux-gnu")
        self.seconds = []
        self.epoch()  # the first one pays for page faults and thread starts

    def epoch(self):
        self.process.stdin.write("epoch\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["seconds"]

    def turn(self):
        self.seconds.append(self.epoch())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def first_images(data, folder, images):
    """Writes the first images and labels as IDX files without a test part."""
    for name, header, item in (("train-images-idx3-ubyte", 16, 784), ("train-labels-idx1-ubyte", 8, 1)):
        raw = gzip.decompress((data / (name + ".gz")).read_bytes())
        count = images.to_bytes(4, "big")
        (folder / name).write_bytes(raw[:4] + count + raw[8:header] + raw[header:header + images * item])


def digest_of(trainer, data):
    """The digest of a data set, which the trainer tells."""
    said = subprocess.run([str(trainer), "data", str(data)], capture_output=True, text=True, check=True).stdout
    return json.loads(said)["sha256"]


class Ours:
    """sweep-trainer; each turn is a process of three epochs, the first of which is not timed. `where` stands above what
    the document says of device and numerics."""

    def __init__(self, name, trainer, data, config, threads=1, where=None):
        self.name, self.trainer, self.threads = name, trainer, threads
        metric = {"name": "train_loss", "goal": "minimize", "reduce": "best"}
        self.document = {
            "protocol": 1, "sweep": "0" * 16, "trial": "0" * 16, "index": 0, "replicate": 0, "seed": 1,
            "device": "cpu", "gpu": "", "threads": threads, "numerics": "portable-1", "trace": "step", "metric": metric,
            "data": {"name": str(data), "path": str(data), "sha256": digest_of(trainer, data)},
            "config": {"activation": "relu", "optimizer": "adam", "learning_rate": LEARNING_RATE,
                       "schedule": "constant", "batch_size": BATCH_SIZE, "epochs": 3} | config} | (where or {})
        self.seconds = []

    def turn(self):
        with tempfile.TemporaryDirectory() as folder:
            document = pathlib.Path(folder, "trial.json")
            document.write_text(json.dumps(self.document))
            read, write = os.pipe()
            environment = CLEAN | {"SWEEP_TRIAL": str(document), "SWEEP_EVENTS": f"/dev/fd/{write}"}
            process = subprocess.Popen([str(self.trainer)], env=environment, pass_fds=[write], stdin=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
            os.close(write)
            ends = []
            with os.fdopen(read) as events:
                for line in events:
                    event = json.loads(line)
                    if event["event"] == "metric" and "train_loss" in event["values"]:
                        ends.append(time.perf_counter())
            errors = process.stderr.read()
            if process.wait() != 0 or len(ends) != 3:
                sys.exit(f"{pathlib.Path(sys.argv[0]).stem}: {self.trainer} ended with {process.returncode}: {errors}")
        self.seconds += [later - earlier for earlier, later in zip(ends, ends[1:])]


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def table(ours, theirs, heading):
    rows = [heading, "", f"{'seconds an epoch':62}{'median':>8}{'least':>8}{'epochs':>8}"]
    for one in ours + theirs:
        rows.append(f"{one.name:62}{statistics.median(one.seconds):8.3f}{min(one.seconds):8.3f}{len(one.seconds):8}")
    rows.append("")
    for mine in ours:
        rivals = [one for one in theirs if one.threads <= mine.threads]
        best = min(rivals, key=lambda one: statistics.median(one.seconds))
        ratio = statistics.median(best.seconds) / statistics.median(mine.seconds)
        least = min(min(one.seconds) for one in rivals) / min(mine.seconds)
        rows.append(f"{mine.name}: {ratio:.2f} times as fast by medians, {least:.2f} by the least times, as {best.name}")
    return "\n".join(rows) + "\n"


def described(name, images):
    network = NETWORKS[name]
    if name == "mlp":
        layers = f"MLP 784-{'-'.join(map(str, network['hidden']))}-10, dropout {network['dropout']}"
    else:
        channels = "-".join(map(str, network["channels"]))
        layers = f"CNN of {channels} channels, 3×3, pooling 2×2, one fully connected layer"
        layers += ", batch norm" if network["batch_norm"] else ""
    return f"{layers}, batch {BATCH_SIZE}, Adam {LEARNING_RATE}, {images} images of Fashion-MNIST"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", type=pathlib.Path, default=ROOT / "build/release/bin/sweep-trainer")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder with Fashion-MNIST's four files")
    parser.add_argument("--network", choices=NETWORKS, default="mlp")
    parser.add_argument("--images", type=int, help="how many of the 60,000 an epoch has")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "bench/results")
    arguments = parser.parse_args()
    data = arguments.data.resolve()
    name, network = arguments.network, NETWORKS[arguments.network]
    images = arguments.images or IMAGES[name]

    version = subprocess.run([str(arguments.trainer), "--version"], capture_output=True, text=True, check=True).stdout
    held = tempfile.TemporaryDirectory()
    first_images(data, pathlib.Path(held.name), images)
    trainer = arguments.trainer.resolve()
    words = {threads: f"sweep-trainer, {threads} thread{'s' if threads > 1 else ''}" for threads in (1, 2)}
    ours = [Ours(words[threads], trainer, pathlib.Path(held.name), network | {"validation_fraction": 0.0}, threads)
            for threads in words]
    if name == "mlp":
        ours += [Ours(words[threads] + ", with validation", trainer, data, network | {"validation_fraction": 0.1},
                      threads) for threads in words]
    layouts = (False,) if name == "mlp" else (True, False)
    settings = itertools.product((1, 2), (1, 2), (True, False), layouts)
    theirs = [PyTorch(data, network, images, *setting) for setting in settings]
    for turn in range(arguments.rounds):
        print(f"round {turn + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
        for one in ours + theirs:
            one.turn()
    for one in theirs:
        one.close()

    loaded = theirs[0].loaded
    heading = (f"{described(name, images)}\n{processor()}, {os.cpu_count()} cores; PyTorch {loaded['torch']} with "
               f"{os.path.basename(os.path.realpath(loaded['blas'][-1]))}, oneDNN {'on' if loaded['onednn'] else 'off'}"
               f"\n{version.strip()}")
    text = table(ours, theirs, heading)
    print(text, end="")
    arguments.output.mkdir(parents=True, exist_ok=True)
    file = "compare_pytorch" + ("" if name == "mlp" else "_" + name.replace("-", "_"))
    (arguments.output / (file + ".txt")).write_text(text)
    record = {"date": datetime.date.today().isoformat(), "processor": processor(), "cores": os.cpu_count(),
              "pytorch": loaded, "sweep_trainer": version.strip().splitlines(), "images": images,
              "seconds": {one.name: one.seconds for one in ours + theirs}}
    (arguments.output / (file + ".json")).write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()

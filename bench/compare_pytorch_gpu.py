#!/usr/bin/env python3
"""One step of a training on a GPU: sweep-trainer beside PyTorch at its best, in one run on one machine. Called by
scripts/gpu-check, or by hand. Prints a table; --output writes every single time as JSON.

mlp is 784-512-256-10 with batches of 128 in fp32; cnn is two blocks of convolution 3×3 (32, then 64 channels), batch
norm, ReLU and pooling on 28×28×1, resnet is ResNet-9 on 32×32×3, both with batches of 512 in bf16. Adam everywhere.
Images are random: what they show costs nothing.
Theirs: eager, compiled (torch.compile) and the whole step as one CUDA graph, Adam fused where it can be, convolutions in
channels_last, each with deterministic algorithms and with what the autotuner likes best. What is timed is training alone.
Ours: fast-1 in that precision, of the mlp portable-1 as well; the time between the metric events of two epochs, so it
holds the fingerprint of every step.
Exit code: 0; 77 where PyTorch is not there or sees no such device."""

import argparse
import json
import os
import pathlib
import platform
import statistics
import sys
import tempfile
import time

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what deterministic algorithms ask for
try:
    import torch
    from torch import nn
except ImportError:
    print("skipped: there is no PyTorch")
    sys.exit(77)

import compare_pytorch
import pytorch_epoch

SKIPPED = 77
CNN = {"model": "cnn", "channels": [32, 64], "kernel": 3, "pool": "max", "dense": [], "dropout": 0.0, "batch_norm": True}
NETWORKS = {  # configuration, side, channels, batch size, precision
    "mlp": ({"model": "mlp", "hidden": [512, 256], "dropout": 0.0}, 28, 1, 128, "fp32"),
    "cnn": (CNN, 28, 1, 512, "bf16"),
    "resnet": ({"model": "resnet", "width": 64, "dropout": 0.0}, 32, 3, 512, "bf16"),
}
MODES = ("eager", "compiled", "graphed")


def block(inputs, outputs, pools):
    layers = [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, *([nn.MaxPool2d(2)] if pools else []))


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.branch = nn.Sequential(block(channels, channels, False), block(channels, channels, False))

    def forward(self, x):
        return x + self.branch(x)


def resnet(width):
    return nn.Sequential(block(3, width, False), block(width, 2 * width, True), Residual(2 * width),
                         block(2 * width, 4 * width, True), block(4 * width, 8 * width, True), Residual(8 * width),
                         nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8 * width, 10))


class Theirs:
    """A network of PyTorch and one way to train it."""

    def __init__(self, name, mode, deterministic, device, steps):
        config, side, channels, batch_size, precision = NETWORKS[name]
        self.name = f"PyTorch, {mode}, {'deterministic' if deterministic else 'autotuned'}"
        self.mode, self.device, self.steps, self.deterministic = mode, device, steps, deterministic
        self.batch_size, self.bf16 = batch_size, precision == "bf16"
        self.is_flat = config["model"] == "mlp"
        self.seconds = []
        self.choose_algorithms()
        torch.manual_seed(1)
        made = resnet(config["width"]) if config["model"] == "resnet" else getattr(pytorch_epoch, config["model"])(config)
        self.model = made.to(device, memory_format=torch.contiguous_format if self.is_flat else torch.channels_last)
        shape = (steps * batch_size, side * side) if self.is_flat else (steps * batch_size, channels, side, side)
        self.images = torch.randn(shape, device=device)
        if not self.is_flat:
            self.images = self.images.contiguous(memory_format=torch.channels_last)
        self.labels = torch.randint(10, (steps * batch_size,), device=device)
        self.loss_of = nn.CrossEntropyLoss()
        on_gpu = device == "cuda"
        fused = {"fused": True, "capturable": mode == "graphed"} if on_gpu else {"foreach": True}
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.001, **fused)
        self.indices = torch.arange(batch_size, device=device)
        self.loss = None
        self.compute = torch.compile(self.forward) if mode == "compiled" else self.forward
        self.run = self.step
        self.epoch(min(3, steps))  # compiles, tunes and allocates
        if mode == "graphed":
            self.capture()

    def choose_algorithms(self):
        torch.use_deterministic_algorithms(self.deterministic)
        torch.backends.cudnn.deterministic = self.deterministic
        torch.backends.cudnn.benchmark = not self.deterministic
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False

    def forward(self, images, labels):
        with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.bf16):
            return self.loss_of(self.model(images), labels)

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        images = self.images.index_select(0, self.indices)
        if not self.is_flat:
            images = images.contiguous(memory_format=torch.channels_last)
        self.loss = self.compute(images, self.labels.index_select(0, self.indices))
        self.loss.backward()
        self.optimizer.step()

    def capture(self):
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.step()
        self.run = graph.replay

    def wait(self):
        if self.device == "cuda":
            torch.cuda.synchronize()

    def epoch(self, steps):
        order = torch.randperm(len(self.labels), device=self.device)
        for begin in range(0, steps * self.batch_size, self.batch_size):
            self.indices.copy_(order[begin:begin + self.batch_size])
            self.run()

    def turn(self):
        self.choose_algorithms()
        self.wait()
        start = time.perf_counter()
        self.epoch(self.steps)
        self.wait()
        self.seconds.append((time.perf_counter() - start) / self.steps)
        if not torch.isfinite(self.loss):
            sys.exit(f"compare_pytorch_gpu: {self.name}: the loss is not finite")


def write_images(folder, side, channels, count):
    """Random images as IDX, or as CIFAR-10 where they have colours."""
    labels = bytes(i % 10 for i in range(count))
    pixels = os.urandom(count * side * side * channels)
    if channels == 1:
        sides = side.to_bytes(4, "big") * 2
        (folder / "train-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03" + count.to_bytes(4, "big") + sides + pixels)
        (folder / "train-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + count.to_bytes(4, "big") + labels)
        return
    size = side * side * channels
    records = [labels[i:i + 1] + pixels[i * size:(i + 1) * size] for i in range(count)]
    (folder / "data_batch_1.bin").write_bytes(b"".join(records))
    (folder / "test_batch.bin").write_bytes(b"".join(records[:10]))


class Ours:
    """sweep-trainer, by what the script for the CPU knows of it."""

    def __init__(self, name, trainer, device, numerics, folder, steps):
        config, side, channels, batch_size, precision = NETWORKS[name]
        precision = precision if numerics == "fast-1" else "fp32"
        write_images(folder, side, channels, steps * batch_size)
        config = config | {"batch_size": batch_size, "precision": precision, "validation_fraction": 0.0}
        self.steps = steps
        self.process = compare_pytorch.Ours(f"sweep-trainer, {numerics} {precision}", trainer, folder, config,
                                            where={"device": device, "numerics": numerics})
        self.name = self.process.name

    @property
    def seconds(self):
        return [epoch / self.steps for epoch in self.process.seconds]

    def turn(self):
        self.process.turn()


def each_way(name, arguments, steps, folder):
    for mode in MODES:
        if mode == "compiled" and not hasattr(torch, "compile") or mode == "graphed" and arguments.device == "cpu":
            continue
        for deterministic in (True, False):
            yield Theirs(name, mode, deterministic, arguments.device, steps)
    trainer = arguments.programs / "sweep-trainer"
    if not trainer.exists():
        return
    for numerics in ["fast-1"] * (arguments.device == "cuda") + ["portable-1"] * (name == "mlp"):
        place = folder / numerics
        place.mkdir()
        yield Ours(name, trainer.resolve(), arguments.device, numerics, place, steps)


def table(name, ways):
    _, side, channels, batch_size, precision = NETWORKS[name]
    rows = [f"{name}: {side}×{side}×{channels}, batch {batch_size}, {precision}",
            f"{'microseconds a step':44}{'median':>10}{'least':>10}"]
    for one in ways:
        rows.append(f"{one.name:44}{statistics.median(one.seconds) * 1e6:10.1f}{min(one.seconds) * 1e6:10.1f}")
    theirs = [one for one in ways if isinstance(one, Theirs)]
    best = min(theirs, key=lambda one: statistics.median(one.seconds))
    for mine in ways:
        if isinstance(mine, Ours):
            ratio = statistics.median(mine.seconds) / statistics.median(best.seconds)
            rows.append(f"{mine.name}: {ratio:.2f} of the time of {best.name}")
    return "\n".join(rows) + "\n"


def device_name(device):
    return torch.cuda.get_device_name() if device == "cuda" else compare_pytorch.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, default=compare_pytorch.ROOT / "build/release/bin",
                        help="the folder of sweep-trainer; where it has none, PyTorch alone is timed")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--network", choices=NETWORKS, action="append", help="of several the flag is repeated; else all")
    parser.add_argument("--quick", action="store_true", help="two steps of the mlp, to try the script itself")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=pathlib.Path, help="a JSON file for every single time")
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        print("skipped: PyTorch sees no GPU")
        sys.exit(SKIPPED)

    rounds = 1 if arguments.quick else arguments.rounds
    record = {"device": device_name(arguments.device), "machine": platform.platform(), "torch": torch.__version__,
              "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version(), "seconds": {}}
    print(f"{record['device']}, PyTorch {record['torch']}, CUDA {record['cuda']}, cuDNN {record['cudnn']}\n")
    for name in arguments.network or (["mlp"] if arguments.quick else list(NETWORKS)):
        steps = 2 if arguments.quick else 400 if name == "mlp" else 100
        with tempfile.TemporaryDirectory() as folder:
            ways = list(each_way(name, arguments, steps, pathlib.Path(folder)))
            for _ in range(rounds):
                for one in ways:
                    one.turn()
        print(table(name, ways), flush=True)
        record["seconds"][name] = {one.name: one.seconds for one in ways}
    if arguments.output:
        arguments.output.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()

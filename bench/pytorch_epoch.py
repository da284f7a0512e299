#!/usr/bin/python3
"""Times epochs of an MLP or a CNN in PyTorch on the CPU: training and nothing else. Called by compare_pytorch.py, one
process a setting, since thread counts are read when the libraries load. Prints one JSON object a line: first what was
loaded, then the seconds of one epoch for each line read from stdin, so that the caller can take turns between programs."""

import gzip
import json
import math
import sys
import time

import numpy
import torch
from torch import nn


def idx(path, header):
    with gzip.open(path, "rb") as file:
        return numpy.frombuffer(file.read(), dtype=numpy.uint8)[header:]


def loaded_blas():
    """The libraries of linear algebra that this process has mapped."""
    with open("/proc/self/maps") as maps:
        files = {line.split()[-1] for line in maps if ".so" in line}
    return sorted(file for file in files if "blas" in file.rsplit("/", 1)[-1].lower())


def mlp(network):
    layers = []
    sizes = [784] + network["hidden"]
    for fan_in, fan_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU(), nn.Dropout(network["dropout"])]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 10))


def cnn(network):
    layers = []
    channels, side = 1, 28
    for filters in network["channels"]:
        layers.append(nn.Conv2d(channels, filters, network["kernel"], padding=network["kernel"] // 2, bias=not network["batch_norm"]))
        if network["batch_norm"]:
            layers.append(nn.BatchNorm2d(filters))
        layers += [nn.ReLU(inplace=True), nn.MaxPool2d(2)]
        channels, side = filters, side // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * side * side, 10))


def main():
    options = json.loads(sys.argv[1])
    torch.set_num_threads(options["omp"])
    torch.manual_seed(1)
    count = options["images"]
    images = torch.from_numpy(idx(options["folder"] + "/train-images-idx3-ubyte.gz", 16).reshape(-1, 784)[:count].copy())
    labels = torch.from_numpy(idx(options["folder"] + "/train-labels-idx1-ubyte.gz", 8)[:count].astype(numpy.int64))
    images = images.float() / 255
    images = (images - images.mean()) / images.std()

    network = options["network"]
    if network["model"] == "cnn":
        images = images.reshape(-1, 1, 28, 28)
    memory = torch.channels_last if options["channels_last"] else torch.contiguous_format
    model = (cnn if network["model"] == "cnn" else mlp)(network).to(memory_format=memory)
    optimizer = torch.optim.Adam(model.parameters(), lr=options["learning_rate"], foreach=options["foreach"])
    loss_of = nn.CrossEntropyLoss()
    model.train()

    def epoch():
        order = torch.randperm(count)
        for batch in order.split(options["batch_size"]):
            optimizer.zero_grad(set_to_none=True)
            inputs = images.index_select(0, batch)
            if options["channels_last"]:
                inputs = inputs.contiguous(memory_format=torch.channels_last)
            loss = loss_of(model(inputs), labels.index_select(0, batch))
            loss.backward()
            optimizer.step()
        return loss.item()

    torch.mm(torch.ones(8, 8), torch.ones(8, 8))
    print(json.dumps({"torch": torch.__version__, "blas": loaded_blas(), "threads": torch.get_num_threads(),
                      "onednn": torch.backends.mkldnn.is_available()}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        loss = epoch()
        seconds = time.perf_counter() - start
        if not math.isfinite(loss):
            sys.exit("pytorch_epoch: the loss is not finite")
        print(json.dumps({"seconds": seconds, "loss": loss}), flush=True)


if __name__ == "__main__":
    main()

"""Trains a small network on two interleaved half circles. Every random number follows from SWEEP_SEED."""
import argparse
import itertools
import json
import math
import os

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--learning_rate", type=float, default=0.01)
parser.add_argument("--hidden", type=int, default=16)
parser.add_argument("--epochs", type=int, default=5)
arguments = parser.parse_args()

torch.manual_seed(int(os.environ.get("SWEEP_SEED", 0)))
torch.use_deterministic_algorithms(True)
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))

# These three lines are all that a script needs to speak to sweep; without them it may print val_accuracy=0.9 instead.
events, seq = open(os.environ.get("SWEEP_EVENTS", os.devnull), "a", buffering=1), itertools.count()
def report(event, **fields):
    events.write(json.dumps({"event": event, "seq": next(seq), **fields}) + "\n")


def moons(count):
    angle = math.pi * torch.rand(count)
    upper = torch.rand(count) < 0.5
    x = torch.where(upper, torch.cos(angle), 1 - torch.cos(angle))
    y = torch.where(upper, torch.sin(angle), 0.5 - torch.sin(angle))
    return torch.stack([x, y], dim=1) + 0.15 * torch.randn(count, 2), upper.long()


points, labels = moons(2000)
held_out, held_out_labels = moons(500)
network = torch.nn.Sequential(
    torch.nn.Linear(2, arguments.hidden), torch.nn.Tanh(), torch.nn.Linear(arguments.hidden, 2)
)
optimizer = torch.optim.Adam(network.parameters(), lr=arguments.learning_rate)

report("started", protocol=1, environment={"torch": torch.__version__})
step = 0
for epoch in range(1, arguments.epochs + 1):
    total = 0.0
    for batch in torch.randperm(len(points)).split(100):
        loss = torch.nn.functional.cross_entropy(network(points[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        step += 1
    with torch.no_grad():
        accuracy = (network(held_out).argmax(dim=1) == held_out_labels).float().mean().item()
    report("metric", step=step, epoch=epoch, values={"train_loss": total / 20, "val_accuracy": accuracy})
report("finished", outcome="completed")

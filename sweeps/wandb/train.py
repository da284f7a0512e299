"""Fits a line to noisy points by gradient descent. Nothing here knows of sweep: it is the script one has for W&B."""
import argparse
import os
import random

import wandb

parser = argparse.ArgumentParser()
parser.add_argument("--learning_rate", type=float, default=0.1)
parser.add_argument("--momentum", type=float, default=0.0)
parser.add_argument("--epochs", type=int, default=10)
args = parser.parse_args()

wandb.init(project="line", config=vars(args))
config = wandb.config
random.seed(int(os.environ.get("SWEEP_SEED", "0")))
points = [(x / 20, 2 * x / 20 - 1 + random.gauss(0, 0.1)) for x in range(40)]
train, held_out = points[::2], points[1::2]

slope, offset, slope_speed, offset_speed = 0.0, 0.0, 0.0, 0.0
loss = lambda data: sum((slope * x + offset - y) ** 2 for x, y in data) / len(data)
for epoch in range(1, config.epochs + 1):
    for x, y in train:
        error = slope * x + offset - y
        slope_speed = config.momentum * slope_speed - config.learning_rate * error * x
        offset_speed = config.momentum * offset_speed - config.learning_rate * error
        slope, offset = slope + slope_speed, offset + offset_speed
    wandb.log({"epoch": epoch, "train_loss": loss(train), "val_loss": loss(held_out)})

wandb.summary["slope"] = slope
wandb.finish()

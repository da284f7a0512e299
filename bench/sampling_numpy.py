"""The peer of sampling_bench: numpy's default_rng draws the same eight columns, a million points at a time, in memory and
as JSON text. One thread. Prints the median of --rounds runs, in million points a second of CPU time."""
import argparse
import json
import statistics
import time

import numpy

NAMES = ["activation", "batch_size", "dropout", "learning_rate", "momentum", "optimizer", "weight_decay", "width"]
ACTIVATIONS = ["relu", "gelu", "tanh"]
OPTIMIZERS = ["sgd", "adam", "adamw", "rmsprop"]


def columns(generator, count):
    """Vectorised; the choices as indices, as sampling_bench has them in memory."""
    return [
        generator.integers(0, 3, count),
        generator.integers(16, 1025, count),
        generator.uniform(0.0, 0.5, count),
        numpy.exp(generator.uniform(numpy.log(1e-5), numpy.log(1e-1), count)),
        generator.uniform(0.8, 0.99, count),
        generator.integers(0, 4, count),
        numpy.exp(generator.uniform(numpy.log(1e-6), numpy.log(1e-2), count)),
        generator.integers(32, 4097, count),
    ]


def texts(generator, count):
    drawn = [column.tolist() for column in columns(generator, count)]
    drawn[0] = [ACTIVATIONS[i] for i in drawn[0]]
    drawn[5] = [OPTIMIZERS[i] for i in drawn[5]]
    encode = json.JSONEncoder(separators=(",", ":")).encode
    return [encode(dict(zip(NAMES, point))) for point in zip(*drawn)]


def million_per_second(function, count, rounds):
    generator = numpy.random.default_rng(42)
    function(generator, count)
    speeds = []
    for _ in range(rounds):
        start = time.thread_time()
        function(generator, count)
        speeds.append(count / (time.thread_time() - start) * 1e-6)
    return statistics.median(speeds)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    print(f"numpy {numpy.__version__}")
    print(f"draw_in_memory           {million_per_second(columns, 1_000_000, rounds):6.2f} M points/s")
    print(f"draw_as_json             {million_per_second(texts, 100_000, rounds):6.2f} M points/s")


if __name__ == "__main__":
    main()

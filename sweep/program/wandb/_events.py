"""Event lines on SWEEP_EVENTS, as docs/trial-protocol.md has them. Used by _run.py; knows nothing of W&B's words."""

import json
import math
import os
import platform
import sys
import threading

from .errors import CommError

PROTOCOL = 1
_LONGEST_LINE = 64 * 1024
_ROOM_FOR_VALUES = 48 * 1024  # the rest of a line, and escapes, fit beside it
_LONGEST_NAME = 1024


def say(text):
    """One line for people, on standard error."""
    print("wandb (sweep's stand-in): " + text, file=sys.stderr, flush=True)


_said = set()


def say_once(text):
    if text not in _said:
        _said.add(text)
        say(text)


def trial_document():
    """The trial document, or None where no trial runs."""
    path = os.environ.get("SWEEP_TRIAL")
    if not path:
        return None
    with open(path, encoding="utf-8") as file:
        return _restore(json.load(file))


def _restore(value):
    """{"float": "nan"} and its kin, back as floats."""
    if isinstance(value, dict):
        if set(value) == {"float"} and value["float"] in ("nan", "inf", "-inf"):
            return float(value["float"])
        return {key: _restore(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_restore(item) for item in value]
    return value


def environment():
    """What may change between attempts: versions of Python and of the libraries that are loaded by now."""
    found = {"python": platform.python_version()}
    for name in ("jax", "keras", "lightning", "numpy", "pytorch_lightning", "sklearn", "tensorflow", "torch",
                 "transformers", "xgboost"):
        version = getattr(sys.modules.get(name), "__version__", None)
        if isinstance(version, str):
            found[name] = version
    return found


class Events:
    """Numbered lines, each written at once. A process that was forked off writes nothing: it would number them twice."""

    def __init__(self, path):
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._seq = 0
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            raise CommError("the events of this trial cannot be written to %s (%s); /proc of the controller must be "
                            "visible here" % (path, error.strerror))

    def ours(self):
        return os.getpid() == self._pid

    def write(self, event, **fields):
        if not self.ours():
            return
        with self._lock:
            fields.update(event=event, seq=self._seq)
            line = json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"
            data = line.encode("ascii")
            self._seq += 1
            while data:
                data = data[os.write(self._file, data):]

    def metric(self, step, epoch, values):
        """One event, or several where the values are too many for a line."""
        part, room = {}, _ROOM_FOR_VALUES
        for name, value in values.items():
            name = name.encode("utf-8", "replace").decode("utf-8")
            if len(name) > _LONGEST_NAME:
                say_once("a metric's name of %d characters is left out" % len(name))
                continue
            size = len(json.dumps(name)) + 32
            if size > room:
                self._metric(step, epoch, part)
                part, room = {}, _ROOM_FOR_VALUES
            part[name] = value
            room -= size
        if part:
            self._metric(step, epoch, part)

    def _metric(self, step, epoch, values):
        fields = {"step": step, "values": {name: _number(value) for name, value in values.items()}}
        if epoch is not None:
            fields["epoch"] = epoch
        self.write("metric", **fields)


def _number(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value

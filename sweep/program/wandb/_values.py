"""What is a number among the things that are logged, and stand-ins for the things that are not."""

import decimal
import numbers


def number(value):
    """The value as a float; None where it is no number (a text, a picture, an array of several elements)."""
    if isinstance(value, StandIn) or isinstance(value, bool):
        return None
    if callable(getattr(value, "item", None)):  # NumPy, PyTorch, JAX
        try:
            value = value.item()
        except (TypeError, ValueError, RuntimeError):
            return None
    elif getattr(value, "shape", None) == () and callable(getattr(value, "numpy", None)):  # TensorFlow
        return number(value.numpy())
    real = isinstance(value, (numbers.Real, decimal.Decimal)) and not isinstance(value, bool)
    try:
        return float(value) if real else None
    except OverflowError:
        return None  # an integer beyond any double


def flat_numbers(data, prefix=""):
    """The numbers of nested dicts, their names joined by dots."""
    found = {}
    for name, value in data.items():
        name = prefix + str(name)
        if isinstance(value, dict):
            found.update(flat_numbers(value, name + "."))
            continue
        value = number(value)
        if value is not None:
            found[name] = value
    return found


class StandIn:
    """Takes any arguments and any call, keeps nothing, and is left out where it is logged."""

    def __init__(self, *args, **kwargs):
        pass

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


class Table(StandIn):
    """A table that can be filled and read; logging it does nothing."""

    def __init__(self, columns=None, data=None, rows=None, dataframe=None, **kwargs):
        self.columns = list(columns) if columns is not None else ["Input", "Output", "Expected"]
        self.data = [list(row) for row in (data if data is not None else rows if rows is not None else [])]
        if dataframe is not None:
            self.columns = list(dataframe.columns)
            self.data = dataframe.values.tolist()

    def add_data(self, *row):
        self.data.append(list(row))

    def add_row(self, *row):
        self.add_data(*row)

    def add_column(self, name, data, **kwargs):
        data = list(data)
        if not self.data:
            self.data = [[] for _ in data]
        self.columns.append(name)
        for row, value in zip(self.data, data):
            row.append(value)

    def get_column(self, name, **kwargs):
        at = self.columns.index(name)
        return [row[at] for row in self.data]


MEDIA = ("Audio", "Bokeh", "Classes", "Graph", "Histogram", "Html", "Image", "ImageMask", "JoinedTable", "Molecule",
         "Object3D", "Plotly", "Video")


def media_class(name):
    return type(name, (StandIn,), {"__doc__": "A stand-in: taken, and left out where it is logged."})

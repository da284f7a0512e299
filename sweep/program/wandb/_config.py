"""run.config: the sweep's values, and under them what the program gives as defaults."""

import json

from ._events import say_once


def as_dict(values):
    """A dict of what a program may pass as config: a dict, an argparse Namespace, a mapping, a file."""
    if values is None:
        return {}
    if isinstance(values, str):
        return _read(values)
    if hasattr(values, "keys"):
        return {str(key): values[key] for key in values.keys()}
    if hasattr(values, "flag_values_dict"):  # absl
        return dict(values.flag_values_dict())
    try:
        return {key: value for key, value in vars(values).items() if not key.startswith("_")}
    except TypeError:
        raise TypeError("config must be a dict or a Namespace, not %s" % type(values).__name__)


def _read(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        found = json.loads(text)
    except ValueError:
        import yaml  # the program's own: a YAML file asks for it

        found = yaml.safe_load(text)
    plain = {}
    for key, value in (found or {}).items():
        if key != "wandb_version":
            plain[key] = value["value"] if isinstance(value, dict) and "value" in value else value
    return plain


def _merged(under, over):
    """Two dicts as one; where both have a key `over` counts, down through nested dicts."""
    result = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merged(result[key], value) if both else value
    return result


class Readable:
    """What can be read as attributes and as a dict; `_items` holds it, `_word` is what messages call it."""

    def get(self, key, default=None):
        return self._items.get(key, default)

    def keys(self):
        return self._items.keys()

    def values(self):
        return self._items.values()

    def items(self):
        return self._items.items()

    def __getitem__(self, key):
        return self._items[key]

    def __getattr__(self, key):
        if key.startswith("__") or "_items" not in self.__dict__:
            raise AttributeError(key)
        try:
            return self._items[key]
        except KeyError:
            raise AttributeError("%s has no '%s', it has %s" % (self._word, key, ", ".join(sorted(self._items)) or "nothing"))

    def __contains__(self, key):
        return key in self._items

    def __iter__(self):
        return iter(self._items)

    def __len__(self):
        return len(self._items)

    def __repr__(self):
        return repr(self._items)


class Config(Readable):
    """Attributes, items, .get, .update, .setdefaults, .as_dict. A value of the sweep cannot be changed: assigning to it
    is passed over with a word, as in W&B."""

    _word = "config"

    def __init__(self, fixed=None):
        object.__setattr__(self, "_fixed", dict(fixed or {}))
        object.__setattr__(self, "_items", dict(self._fixed))

    def _set(self, key, value):
        if key in self._fixed and isinstance(value, dict) and isinstance(self._fixed[key], dict):
            self._items[key] = _merged(value, self._fixed[key])
        elif key not in self._fixed:
            self._items[key] = value
        elif value != self._fixed[key]:
            say_once("config '%s' stays %r, the sweep's value" % (key, self._fixed[key]))

    def update(self, values=None, allow_val_change=None, **more):
        values = as_dict(values)
        values.update(more)
        for key, value in values.items():
            self._set(key, value)

    def setdefaults(self, values):
        object.__setattr__(self, "_items", _merged(as_dict(values), self._items))
        return dict(self._items)

    def as_dict(self):
        return dict(self._items)

    def persist(self):
        pass

    def __setitem__(self, key, value):
        self._set(key, value)

    def __setattr__(self, key, value):
        self._set(key, value)


class Summary(Readable):
    """The last value of each metric. Assigning one sends it, at the step of the last row."""

    _word = "summary"

    def __init__(self, send):
        object.__setattr__(self, "_send", send)
        object.__setattr__(self, "_items", {})

    def _logged(self, values):
        self._items.update(values)

    def update(self, values=None, **more):
        values = dict(values or {}, **more)
        self._items.update(values)
        self._send(values)

    def _as_dict(self):
        return dict(self._items)

    def __setitem__(self, key, value):
        self.update({key: value})

    def __setattr__(self, key, value):
        self.update({key: value})

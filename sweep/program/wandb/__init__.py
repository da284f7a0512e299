"""A small stand-in for the package of W&B, so that a program written for it runs under sweep, unchanged and offline.

init, config, log, summary and finish do what they do in W&B, with the trial's values and sweep's event lines. What needs
a server (artifacts, alerts, the public API) is passed over with a word or refused with a clear error; pictures, tables
and plots are taken and left out. Outside sweep nothing is recorded. Standard library only, Python 3.7 and newer.
"""

import os as _os

from . import _run, errors, plot, util
from ._artifact import Artifact
from ._config import Config
from ._events import say as _say
from ._events import say_once as _say_once
from ._run import Run
from ._values import MEDIA as _MEDIA
from ._values import StandIn as _StandIn
from ._values import Table, media_class as _media_class
from .errors import CommError, Error, UsageError

__version__ = "0.19.0+sweep"

for _name in _MEDIA:
    globals()[_name] = _media_class(_name)

run = None


class _BeforeInit:
    """wandb.config and wandb.summary before wandb.init()."""

    def __init__(self, name):
        object.__setattr__(self, "_name", name)

    def _refuse(self):
        raise errors.Error("You must call wandb.init() before wandb." + self._name)

    def __getattr__(self, key):
        if key.startswith("__"):
            raise AttributeError(key)
        self._refuse()

    def __setattr__(self, key, value):
        self._refuse()

    def __getitem__(self, key):
        self._refuse()

    def __setitem__(self, key, value):
        self._refuse()


config = _BeforeInit("config")
summary = _BeforeInit("summary")


def _forget(finished):
    global run
    if run is finished:
        run = None



def init(job_type=None, dir=None, config=None, project=None, entity=None, reinit=None, tags=None, group=None, name=None,
         notes=None, config_exclude_keys=None, config_include_keys=None, mode=None, settings=None, **anything):
    """Begins the run of this process. Whatever else is given is accepted and has no influence."""
    global run, summary
    given = dict(name=name, project=project, entity=entity, group=group, job_type=job_type, tags=tags, notes=notes,
                 settings=settings)
    values = config
    if values is not None and (config_exclude_keys or config_include_keys):
        from ._config import as_dict

        values = {key: value for key, value in as_dict(values).items()
                  if key not in (config_exclude_keys or ()) and (not config_include_keys or key in config_include_keys)}
    run = _run.start(_forget, config=values, reinit=_truth(reinit), mode=mode, **given)
    globals()["config"] = run.config
    summary = run.summary
    return run


def _truth(reinit):
    return reinit in (True, "finish_previous", "create_new")


def _active(call):
    if run is None:
        raise errors.Error("You must call wandb.init() before wandb.%s()" % call)
    return run


def log(data, step=None, commit=None, sync=None, **kwargs):
    _active("log").log(data, step=step, commit=commit)


def finish(exit_code=None, quiet=None):
    if run is not None:
        run.finish(exit_code)


def join(exit_code=None):
    finish(exit_code)


def define_metric(*args, **kwargs):
    return _active("define_metric").define_metric(*args, **kwargs)


def watch(*args, **kwargs):
    return _StandIn()


def unwatch(*args, **kwargs):
    pass


def save(*args, **kwargs):
    return _active("save").save(*args, **kwargs)


def restore(*args, **kwargs):
    return _active("restore").restore(*args, **kwargs)


def log_artifact(*args, **kwargs):
    return _active("log_artifact").log_artifact(*args, **kwargs)


def use_artifact(*args, **kwargs):
    return _active("use_artifact").use_artifact(*args, **kwargs)


def log_model(*args, **kwargs):
    return _active("log_model").log_artifact(*args, **kwargs)


def use_model(*args, **kwargs):
    return _active("use_model").use_model(*args, **kwargs)


def alert(*args, **kwargs):
    _active("alert").alert(*args, **kwargs)


def sweep(sweep=None, entity=None, project=None, **kwargs):
    """The sweep that runs already; none is made."""
    _say_once("wandb.sweep() makes no sweep, the sweep file of 'sweep run' is the sweep")
    return _os.environ.get("SWEEP_ID", "offline")


def agent(sweep_id=None, function=None, entity=None, project=None, count=None, **kwargs):
    """Calls the function once: this process is one trial."""
    _say_once("wandb.agent() runs this one trial, 'sweep run' starts the others")
    if function is not None:
        function()


def login(*args, **kwargs):
    return True


def setup(*args, **kwargs):
    return _StandIn()


def teardown(exit_code=None):
    finish(exit_code)


def require(*args, **kwargs):
    pass


ensure_configured = mark_preempting = log_code = require


def termlog(string="", *args, **kwargs):
    _say(string)


termwarn = termerror = termlog


class Settings:
    """Whatever is set, kept as attributes, without influence."""

    def __init__(self, *args, **kwargs):
        self.__dict__.update(kwargs)

    def update(self, *args, **kwargs):
        self.__dict__.update(kwargs)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return None


class Api:
    """The public API asks a server, and there is none."""

    def __init__(self, *args, **kwargs):
        raise errors.CommError("wandb.Api is not available, there is no W&B server here; 'sweep report --format json' "
                               "prints what a sweep has")


def __getattr__(name):
    raise AttributeError("sweep's stand-in for wandb has no '%s'; install wandb and remove 'compat' to use it" % name)

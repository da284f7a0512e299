"""wandb.plot.*: each gives a stand-in, which is left out where it is logged."""

from ._values import StandIn


def __getattr__(name):
    if name.startswith("_"):
        raise AttributeError(name)
    return StandIn

"""The helpers of wandb.util that programs use."""

import random as _random
import string as _string


def generate_id(length=8):
    """A fresh name. It draws from the system, so that the program's own generators are left as they are."""
    return "".join(_random.SystemRandom().choice(_string.ascii_lowercase + _string.digits) for _ in range(length))

"""The exceptions of W&B that programs name."""


class Error(Exception):
    """Base of the others."""


class CommError(Error):
    """What would need a server."""


class AuthenticationError(CommError):
    pass


class UsageError(Error):
    """A call that W&B refuses too."""


class ConfigError(Error):
    pass

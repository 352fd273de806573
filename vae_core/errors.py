"""The errors a user can cause.

Every message is one sentence or two that say what was wrong, where, what was expected, and what to do. The command
line prints them behind `error: ` and exits 1; the pages show them in a box. Anything else that is raised is a bug.
"""


class VaeCoreError(Exception):
    """Base of every error that a user of `vae_core` is expected to meet and to mend."""


class ConfigError(VaeCoreError):
    """A setting has a value that it cannot have, or two settings contradict each other."""


class ShapeError(VaeCoreError):
    """An array does not have the shape, type or range that was asked for."""


class DataError(VaeCoreError):
    """A data set is unknown, missing, damaged, or cannot be fetched."""


class CheckpointError(VaeCoreError):
    """A checkpoint or run folder is missing, damaged, unfinished, in use, or from another version."""

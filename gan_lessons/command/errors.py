"""The error that ends the program with a message and exit status 2."""

from collections.abc import Iterator
from contextlib import contextmanager


class UsageError(Exception):
    """What was typed cannot be done; the message says what came and what is wanted."""


@contextmanager
def usage_errors(flag: str = "") -> Iterator[None]:
    """Turn what the package says of a bad argument into a UsageError that names the flag."""
    try:
        yield
    except (ValueError, TypeError, OSError, ImportError) as error:
        raise UsageError(f"{flag}: {error}" if flag else str(error)) from error

"""Shared by tasks over the user's own files: what can't be read is a RequestError."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from genas.core.errors import RequestError


@contextmanager
def asked() -> Iterator[None]:
    """Make a RequestError of a reader's ValueError, whose text says what to write instead, and of unreadable files."""
    try:
        yield
    except ValueError as error:
        raise RequestError(str(error)) from error
    except OSError as error:
        raise RequestError(
            f"{error.filename or 'A file'} can't be read ({error.strerror or error}). Repair or remove it."
        ) from error

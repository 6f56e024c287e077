"""Writes lines to the terminal, cleaned of control sequences; every face uses it."""

from __future__ import annotations

import logging
import sys

from genas.core.outside import shown


def say(text: str = "", *, err: bool = False) -> None:
    """Write a line to standard output, or to standard error."""
    stream = sys.stderr if err else sys.stdout
    safe = shown(text)
    try:
        stream.write(safe + "\n")
    except UnicodeEncodeError:  # the terminal's letters are fewer than ours
        stream.write(safe.encode(stream.encoding, "backslashreplace").decode(stream.encoding) + "\n")
    stream.flush()


class _Warnings(logging.Handler):
    """Shows genas' own warnings at once."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line on standard error."""
        say(f"warning: {record.getMessage()}", err=True)


def hear_warnings() -> None:
    """From now on, show genas' warnings as they come."""
    logger = logging.getLogger("genas")
    if not any(isinstance(handler, _Warnings) for handler in logger.handlers):
        logger.addHandler(_Warnings(logging.WARNING))
        logger.propagate = False

"""Every error that genas raises on purpose, with what its handler needs."""

from __future__ import annotations

import copyreg
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any


class GenasError(Exception):
    """Root of all errors that genas raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """What pickle needs to bring one from a worker process, whatever its constructor takes."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class RequestError(GenasError):
    """The user can mend it; the message says what to write instead (exit code 2 on the command line)."""


class OutOfBounds(RequestError, FileNotFoundError):
    """A request from outside names a file that the server may not read or that does not exist; it is not told which."""


class UnknownPlugin(RequestError):
    """No plug-in of that kind has that name."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        near = get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Known {kind}: {', '.join(known) or 'none'}."
        super().__init__(f"There is no {name!r} among the {kind}. {hint}")
        self.kind, self.name, self.near = kind, name, near


class PluginError(GenasError):
    """A plug-in does not follow the rules of its kind; the message tells its author what to write instead."""


class InvalidArchitecture(GenasError):
    """An illegal graph; `problems` are sentences that an LLM can repair from."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class ScoreFailed(GenasError):
    """This architecture cannot be built, trained or measured; it becomes a failed trial and the run goes on."""


class TookTooLong(GenasError):
    """A tool call used up its time; what it did is kept, and the message says how to go on."""


class BudgetSpent(GenasError):
    """The normal end of a stage."""


class LLMFailed(GenasError):
    """A chat model gave no usable answer after its retries, so the proposer returns fewer candidates."""

    out_of_reach: bool = False  # whether asking again would come to the same


class MissingArtifact(GenasError):
    """Weights, a table or images are absent; `hint` is the command or place that brings them."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(f"{what} is missing. {hint}")
        self.what, self.hint = what, hint


class NotWritten(GenasError):
    """The results of a run can't be written, as on a full disk. The request is not at fault (exit code 1)."""


class LedgerCorrupt(GenasError):
    """A line of a ledger was changed after it was written, or is of another version."""


class Damaged(GenasError):
    """Weights or a checkpoint were changed after they were written."""

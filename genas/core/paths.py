"""Paths as users write them, and the folders that paths of outside requests must lie in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from genas.core.errors import OutOfBounds, RequestError

_DATA = "GENAS_DATA"


def written(path: str | Path) -> Path:
    """The path with "~" and a first part $GENAS_DATA replaced; no other variable is read, since errors show paths.

    Raises:
        OutOfBounds: only some folders may be read now (`Folders.alone`), and it lies in none of them.
    """
    allowed = _ALLOWED.get()
    return _expanded(path) if allowed is None else allowed.find(str(path))


def _expanded(path: str | Path) -> Path:
    first, *rest = Path(path).parts or ("",)
    if first == f"${_DATA}" and os.environ.get(_DATA):
        return Path(os.environ[_DATA], *rest)
    return Path(os.path.expanduser(path))  # as it is where no such user is known


def own_files(run: Path) -> Path:
    """The folder of a run, checked for links out of it, through which other files could be read or overwritten.

    Raises:
        RequestError: something in it is a link that leads out of it.
    """
    try:
        whole = run.resolve()
        for place, folders, files in os.walk(whole):
            for path in (Path(place, name) for name in (*folders, *files)):
                if path.is_symlink() and not path.resolve().is_relative_to(whole):
                    raise RequestError(
                        f"{path} is a link that leads out of the run's folder, which nothing is read or written "
                        "through. Remove it, or name another folder."
                    )
    except (OSError, ValueError, RuntimeError) as error:  # names that no file can have, links in a circle
        raise RequestError(
            f"No run can be written in {str(run)[-80:]!r} or read there ({error}). Name another folder."
        ) from error
    return run


class Folders:
    """The folders that requests from outside may name files in.

    Args:
        folders: a relative path is looked for in each, in this order; an absolute one must lie in one of them.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folder.expanduser().resolve() for folder in folders)

    def find(self, text: str) -> Path:
        """The file or folder of that name inside one of the folders, links followed.

        Raises:
            OutOfBounds: there is none; the message is the same whether or not there is one elsewhere.
        """
        advice = (
            f"Name a file or folder in {' or '.join(map(str, self._folders))}; whoever starts the server adds others "
            "with --data FOLDER."
        )
        try:
            path = _expanded(text)
            tried = [path] if path.is_absolute() else [folder / path for folder in self._folders]
            for found in (place.resolve() for place in tried):
                if any(found.is_relative_to(folder) for folder in self._folders) and found.exists():
                    return found
        except (OSError, ValueError, RuntimeError) as error:  # names that no file can have
            raise OutOfBounds(f"{text[:80]!r} can be no path. {advice}") from error
        raise OutOfBounds(f"There is no {text[:200]!r} in the folders that this server may read. {advice}")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While this lasts, paths that a user wrote may only lead into these folders."""
        before = _ALLOWED.set(self)
        try:
            yield
        finally:
            _ALLOWED.reset(before)


_ALLOWED: ContextVar[Folders | None] = ContextVar("folders that may be read", default=None)

"""What a tool call may read: paths in its request are resolved below the folders that the server was started with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.paths import written
from genas.core.records import Options, Request, Use

_PATHS = {"path", "folder", "measured", "memory"}  # options that name files, in every plug-in
_EITHER = {"model", "transfer"}  # options that take a name of genas' own, or a file
_ADDRESSES = {"base_url", "model_options"}  # where a chat model is: for whoever starts genas, who owns the keys
_OUTSIDE = re.compile(r"^[/\\~$]|(?:^|[/\\])\.\.(?:[/\\]|$)|\0|^[A-Za-z]:[/\\]")  # a path, whatever it is an option of
_PARTS = re.compile(r"[:=,+]")  # of a source such as table:NAME:path=FILE


class Fence:
    """The folders that requests from outside may name files in.

    Args:
        folders: a relative path is looked for in each, in this order; an absolute one must lie in one of them.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folder.expanduser().resolve() for folder in folders)

    def admit(self, request: Request) -> Request:
        """The request with every path in it absolute.

        Raises:
            RequestError: a path leads to nothing in the folders, or an option says where a chat model is.
        """

        def several(uses: Sequence[Use]) -> tuple[Use, ...]:
            return tuple(map(self._use, uses))

        for use in (*request.proposers, *request.refiners):
            if refused := sorted(_ADDRESSES & use.options.keys()):
                raise RequestError(
                    f"{use.name}: {refused[0]} can't be given by a tool call. Where a chat model is, the environment "
                    "that genas was started in says (docs/requests.md); leave that option out."
                )
        return replace(
            request,
            task=self._use(request.task),
            space=self._use(request.space),
            proposers=several(request.proposers),
            scorers=several(request.scorers),
            refiners=several(request.refiners),
            validator=self._use(request.validator),
        )

    def _use(self, use: Use) -> Use:
        named = {"model"} if _chats(use.name) else set()  # "provider:name", which no file is opened for
        options: Options = {key: v if key in named else self._value(key, v) for key, v in use.options.items()}
        return replace(use, options=options)

    def _value(self, key: str, value: Any) -> Any:
        """The value of an option, its paths absolute; what a plug-in might read as a path counts as one."""
        if isinstance(value, dict):
            return {inner: self._value(key if key in _PATHS else inner, item) for inner, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._value(key, item) for item in value]
        if not isinstance(value, str):
            return value
        if key in _PATHS or _OUTSIDE.search(value) or (_there(value) and ("/" in value or key in _EITHER)):
            return str(self.find(value))
        for part in _PARTS.split(value) if key in _EITHER else ():
            if _OUTSIDE.search(part) or _there(part):  # in a source such as table:NAME:path=FILE
                self.find(str(Path(part).resolve()))
        return value

    def find(self, text: str) -> Path:
        """The file or folder of that name inside one of the folders, links followed.

        Raises:
            RequestError: there is none; the message is the same whether or not there is one elsewhere.
        """
        try:
            path = written(text)
            tried = [path] if path.is_absolute() else [folder / path for folder in self._folders]
            for found in (place.resolve() for place in tried):
                if any(found.is_relative_to(folder) for folder in self._folders) and found.exists():
                    return found
        except (OSError, ValueError, RuntimeError) as error:  # names that no file can have
            raise RequestError(f"{text[:80]!r} can be no path. {self._advice}") from error
        raise RequestError(f"There is no {text[:80]!r} in the folders that this server may read. {self._advice}")

    @property
    def _advice(self) -> str:
        return (
            f"Name a file or folder in {' or '.join(map(str, self._folders))}; whoever starts the server adds others "
            "with --data FOLDER."
        )


def _there(name: str) -> bool:
    try:
        return bool(name) and Path(name).exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _chats(name: str) -> bool:
    """Whether a plug-in asks a chat model: its `model` is then "provider:name"."""
    kinds = [kind for kind in ("proposers", "refiners") if name in registry.names(kind)]
    return any("base_url" in registry.options(kind, name) for kind in kinds)

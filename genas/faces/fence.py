"""Limits what a tool call may read: paths in its request must lie in the folders the server was started with."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.paths import Folders
from genas.core.records import Options, Request, Use

_PATHS = {"path", "folder", "measured", "memory"}  # options that name files, in every plug-in
_EITHER = {"model", "transfer"}  # options that take a name of genas' own, or a file
_ADDRESSES = {"base_url", "model_options"}  # where a chat model is: for whoever starts genas, who owns the keys
_OUTSIDE = re.compile(r"^[/\\~$]|(?:^|[/\\])\.\.(?:[/\\]|$)|\0|^[A-Za-z]:[/\\]")  # a path, whatever it is an option of
_PARTS = re.compile(r"[:=,+]")  # of a source such as table:NAME:path=FILE


class Fence:
    """The folders that requests from outside may name files in.

    Args:
        folders: see `genas.core.paths.Folders`.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = Folders(folders)

    def read(self, read: Callable[[], Request]) -> Request:
        """Read the request without looking outside the folders, and make every path in it absolute.

        Args:
            read: makes the request of what the tool was given.

        Raises:
            RequestError: it can't be read, a path leads to nothing in the folders, or an option says where a chat model
                is.
        """
        with self.within():
            return self._admitted(read())

    def within(self) -> AbstractContextManager[None]:
        """While this lasts, paths in a run's ledger may only lead into the folders."""
        return self._folders.alone()

    def _admitted(self, request: Request) -> Request:
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
        named = {"model"} if registry.asks_chat_model(use.name) else set()  # "provider:name": no file is opened for it
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
            return str(self._folders.find(value))
        for part in _PARTS.split(value) if key in _EITHER else ():
            if _OUTSIDE.search(part) or _there(part):  # in a source such as table:NAME:path=FILE
                self._folders.find(str(Path(part).resolve()))
        return value


def _there(name: str) -> bool:
    try:
        return bool(name) and Path(name).exists()
    except (OSError, ValueError):  # a name that no file can have
        return False

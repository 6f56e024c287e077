"""A design in a process of its own that a test kills; all of them share one import of torch, which takes seconds."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import genas

_FROM = multiprocessing.get_context("forkserver")  # a server without threads, of which each run is a fork
_FROM.set_forkserver_preload(["genas.run.designer", "genas.training.loop", "genas.spaces.conv_net"])


def _design(goal: str, out: Path, known: dict[str, Any]) -> None:
    genas.design(goal, out=out, **known)


@contextmanager
def designing(goal: str, out: Path, **known: Any) -> Iterator[BaseProcess]:
    """A design that has just begun; it is killed (SIGKILL) and gone when the block ends, whatever it is doing."""
    process = _FROM.Process(target=_design, args=(goal, out, known))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()

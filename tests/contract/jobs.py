"""Work for executors: in a file of its own, so that worker processes can import it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from genas.core.errors import MissingArtifact, ScoreFailed


def double(x: int) -> int:
    return 2 * x


def fail() -> None:
    raise ScoreFailed("it can't be measured")


def lack() -> None:
    raise MissingArtifact("The table", "Get it.")


def where() -> int:
    return os.getpid()


def gpus() -> str | None:
    return os.environ.get("CUDA_VISIBLE_DEVICES")


def die(lives: Path) -> str:
    """Killed as often as there are lives left in the file."""
    left = int(lives.read_text())
    if left:
        lives.write_text(str(left - 1))
        os.kill(os.getpid(), signal.SIGKILL)
    return "survived"

"""Inputs with a known truth, and damaged inputs, for `eval/robustness.py`; the tests use some of them.

Each module has `attempt(draw, place)`: it makes one input, passes it to genas as a user would, and returns the outcome.
"""

from __future__ import annotations

import hashlib
import random
from functools import cache
from pathlib import Path

import genas

RIGHT, REFUSED = "right", "refused"  # how an input may be taken


class Wrong(Exception):
    """An input was taken without a word for something else than it is, or refused without a word that helps."""


def advice(error: Exception) -> str:
    """REFUSED, where the error says in one sentence of a bearable length what is wrong.

    Raises:
        Wrong: it does not.
    """
    text = str(error)
    if not 20 < len(text) < 3000 or "Traceback" in text:
        raise Wrong(f"a refusal of {len(text)} characters: {text[:200]!r}")
    return REFUSED


@cache
def code() -> str:
    """A name for the code as it is: runs that others are compared with are made anew where it has changed."""
    files = sorted(Path(genas.__file__).parent.rglob("*.py"))
    state = "".join(f"{path} {path.stat().st_mtime_ns}" for path in files)
    return hashlib.blake2b(state.encode(), digest_size=4).hexdigest()


def damaged(draw: random.Random, raw: bytes) -> bytes:
    """The bytes cut short, with a part twice, with a bit or a byte changed, or with a fiftieth of them changed."""
    data, kind = bytearray(raw), draw.randrange(5)
    if kind == 0:
        return bytes(data[: draw.randrange(len(data))])
    if kind == 1:
        start = draw.randrange(len(data))
        return bytes(data[:start] + data[start // 2 : start] + data[start:])
    if kind == 2:
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        return bytes(data)
    for _ in range(1 if kind == 3 else max(2, len(data) // 50)):
        data[draw.randrange(len(data))] = draw.randrange(256)
    return bytes(data)

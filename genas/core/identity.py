"""Recognises a run's data by digests of what was read, part by part, when the run is resumed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genas.core.errors import RequestError
from genas.core.secrets import masked

if TYPE_CHECKING:
    from torch import Tensor

    from genas.core.interfaces import Task
    from genas.core.ledger import Event

_SHOWN = 200  # characters of the names of classes; more are told apart by a digest
_MARK = "#"  # begins a digest


def of_examples(task: Task) -> dict[str, str]:
    """Classes, shape and, of each split, the number of examples with digests of inputs and labels in their order."""
    parts = {"classes": names(task.classes), "input shape": "x".join(map(str, task.input_shape))}
    for split in ("train", "val", "test"):
        inputs, labels = task.data(split)
        parts |= {
            f"{split} examples": str(len(labels)),
            f"{split} inputs": _digest(inputs),
            f"{split} labels": _digest(labels),
        }
    return parts


def of_files(paths: Iterable[Path]) -> dict[str, str]:
    """A digest of each file, by its name."""
    return {path.name: _MARK + hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in paths}


def names(words: Sequence[str]) -> str:
    """How many names there are, and the names in order; a list too long to show ends in a digest."""
    text = f"{len(words)} ({', '.join(words)})"
    if len(text) <= _SHOWN:
        return text
    digest = hashlib.sha256("\0".join(words).encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{text[:_SHOWN]}... {_MARK}{digest})"


def _digest(values: Tensor) -> str:
    import torch

    whole = values.detach().cpu().contiguous()
    made = hashlib.sha256(f"{whole.dtype} {tuple(whole.shape)}".encode())
    made.update(whole.reshape(-1).view(torch.uint8).numpy().data)
    return _MARK + made.hexdigest()[:16]


def compare(event: Event | None, now: Mapping[str, str], folder: str) -> None:
    """Check that the data are those in a run's event of kind "data".

    Raises:
        RequestError: they are others; the message says what changed.
    """
    if event is None:
        raise RequestError(
            f"The ledger in {folder} does not tell which data it was made from, so nothing can go on from it. Name "
            "another --out."
        )
    before: dict[str, str] = event["parts"]
    now = masked(dict(now))  # as the ledger kept them
    if before == now:
        return
    different = [part for part in {**before, **now} if before.get(part) != now.get(part)]
    raise RequestError(
        f"The data are not those that the run in {folder} began with: "
        f"{'; '.join(_change(part, before.get(part), now.get(part)) for part in different)}. Name another --out for a "
        "run on the data as they are, or bring back the data as they were."
    )


def _change(part: str, before: str | None, now: str | None) -> str:
    if before is None or now is None:
        return f"{part} {'is new' if before is None else 'is gone'}"
    return f"{part} changed" if before.startswith(_MARK) else f"{part} {before} then, {now} now"

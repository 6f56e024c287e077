"""Trained weights and checkpoints of a run: files in its store, or in memory for a run without a folder.

Every file holds a digest of its name and content. A file that was truncated, changed or swapped with another is
detected before it is used.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genas.core.errors import Damaged, GenasError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_ZEROS = b"0" * 64
_NAMED = b'"sha256":"'  # the key in the metadata of safetensors
_DIGEST = 32  # bytes at the end of a checkpoint
_EXPORTED = "weights.safetensors"


class WeightStore:
    """Keeps weights by name; files are written atomically.

    Args:
        folder: `Ledger.store`; None keeps the weights in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._memory: dict[str, dict[str, Tensor]] = {}

    def keep(self, name: str, weights: dict[str, Tensor]) -> None:
        """Store the weights under a name; earlier ones of that name are replaced."""
        if self._folder is None:
            self._memory[name] = weights
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(self._folder, name)
        replace(path, sealed(weights, path.name))

    def find(self, name: str) -> dict[str, Tensor] | None:
        """The weights of that name, or None.

        Raises:
            Damaged: the file was changed since it was written.
        """
        if self._folder is None:
            return self._memory.get(name)
        path = self._path(self._folder, name)
        return opened(path) if path.is_file() else None

    def get(self, name: str) -> dict[str, Tensor]:
        """The weights of that name.

        Raises:
            Damaged: the file was changed since it was written.
            GenasError: the weights are missing.
        """
        found = self.find(name)
        if found is None:
            where = "memory" if self._folder is None else self._path(self._folder, name)
            raise GenasError(
                f"The weights that the run made are gone: {where} is missing. Bring the file back, or name another "
                "--out to train anew."
            )
        return found

    @staticmethod
    def _path(folder: Path, name: str) -> Path:
        return folder / f"{name}.safetensors"


def replace(path: Path, data: bytes) -> None:
    """Write a file atomically: after a failure, the old content is still there.

    Raises:
        OSError: the disk is full, for example.
    """
    part = path.with_suffix(".part")
    part.write_bytes(data)
    os.replace(part, path)


def checkpoint_of(key: str, seed: int) -> str:
    """The file name of a training's checkpoint in the store, from the key of the architecture and the seed."""
    return f"{key}-{seed}.checkpoint"


def sealed(weights: Mapping[str, Tensor], name: str = _EXPORTED) -> bytes:
    """The bytes of a safetensors file whose metadata hold its own digest (computed with zeros in its place).

    Args:
        weights: the tensors by name.
        name: file name, which is part of the digest.
    """
    from safetensors.torch import save

    plain = {name: value.detach().cpu().contiguous().clone() for name, value in weights.items()}
    blank: bytes = save(plain, metadata={"sha256": _ZEROS.decode()})
    place = blank.index(_NAMED + _ZEROS) + len(_NAMED)
    return blank[:place] + _digest(name, blank).hex().encode() + blank[place + len(_ZEROS) :]


def opened(path: Path) -> dict[str, Tensor]:
    """The weights of a file that `sealed` made.

    Raises:
        Damaged: the file was changed since it was written.
    """
    from safetensors.torch import load

    weights: dict[str, Tensor] = load(verified(path))
    return weights


def verified(path: Path) -> bytes:
    """The bytes of a file that `sealed` made, after checking its digest.

    Raises:
        Damaged: the file was changed since it was written.
    """
    data = path.read_bytes()
    place = data.find(_NAMED) + len(_NAMED)
    blank = data[:place] + _ZEROS + data[place + len(_ZEROS) :]
    if place < len(_NAMED) or _digest(path.name, blank).hex().encode() != data[place : place + len(_ZEROS)]:
        raise Damaged(
            f"The weights in {path} are damaged: their digest does not fit. Bring back the file as it was, or name "
            "another network or --out."
        )
    return data


def sealed_state(state: bytes, name: str) -> bytes:
    """The bytes of a checkpoint, followed by the digest of its file name and content."""
    return state + _digest(name, state)


def opened_state(path: Path) -> bytes:
    """The bytes that were passed to `sealed_state`, after checking their digest.

    Raises:
        Damaged: the file was changed since it was written.
    """
    data = path.read_bytes()
    state, digest = data[:-_DIGEST], data[-_DIGEST:]
    if _digest(path.name, state) != digest:
        raise Damaged(
            f"The checkpoint {path} is damaged: its digest does not fit. Delete it to train again, or bring it back."
        )
    return state


def _digest(name: str, content: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\0" + content).digest()


def loaded_state(path: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """The content of a checkpoint. Nothing in it is executed.

    Raises:
        Damaged: the file was changed since it was written, or is no checkpoint.
    """
    import torch

    try:
        state: dict[str, Any] = torch.load(io.BytesIO(opened_state(path)), map_location=device, weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise Damaged(f"{path} is no checkpoint. Delete it to train again, or bring it back.") from error
    if not isinstance(state, dict) or not {"network", "averaged", "leg", "done"} <= state.keys():
        raise Damaged(f"{path} is no checkpoint of this genas. Delete it to train again, or bring it back.")
    return state


def damaged(store: Path | None) -> list[Path]:
    """The checkpoints and weights in a run's store that were changed since they were written."""
    checks = {".checkpoint": opened_state, ".safetensors": verified}
    found = []
    for path in sorted(store.iterdir()) if store is not None and store.is_dir() else ():
        try:
            if path.suffix in checks:
                checks[path.suffix](path)
        except Damaged:
            found.append(path)
    return found

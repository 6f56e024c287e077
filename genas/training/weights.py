"""Trained weights by name: safetensors in the run's store, or in memory where the run has none."""

from __future__ import annotations

import os
from pathlib import Path

from torch import Tensor


class WeightStore:
    """Keeps weights; a file is either whole or absent.

    Args:
        folder: `Ledger.store`; None keeps the weights in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._memory: dict[str, dict[str, Tensor]] = {}

    def keep(self, name: str, weights: dict[str, Tensor]) -> None:
        """Write them, in the place of what had that name."""
        from safetensors.torch import save

        if self._folder is None:
            self._memory[name] = weights
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name}.safetensors"
        part = path.with_suffix(".part")
        part.write_bytes(save({key: value.contiguous() for key, value in weights.items()}))  # a full disk: OSError
        os.replace(part, path)

    def find(self, name: str) -> dict[str, Tensor] | None:
        """The weights of that name, or None."""
        from safetensors.torch import load_file

        if self._folder is None:
            return self._memory.get(name)
        path = self._folder / f"{name}.safetensors"
        return load_file(path) if path.is_file() else None

"""genas: neural networks from a sentence, generated, ranked, refined and really trained."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
__all__ = [
    "batch", "design", "explain", "export_network", "fit", "interpret", "plugins", "predict", "propose", "score",
    "train_further", "validate",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The public verbs, loaded when first used."""
    if name in __all__:
        from genas import api

        return getattr(api, name)
    raise AttributeError(f"module 'genas' has no attribute {name!r}")

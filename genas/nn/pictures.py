"""Pictures as tensors: reading them from bytes and folders, splitting them by class, and changing copies of them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from genas.core.errors import RequestError

Picture = bytes | Path | npt.NDArray[np.uint8]
_SHARES = (0.7, 0.15)  # train and val; the rest is test


def decode(source: Picture, where: str, *, size: tuple[int, int] | None = None, channels: int = 3) -> Tensor:
    """One picture as bytes [channels, H, W], turned as its camera says.

    Args:
        source: the encoded picture, the file that holds it, or its pixels [H, W] or [H, W, C] as bytes.
        where: how to call it in an error.
        size: (height, width) it is scaled to; None keeps its own.
        channels: 1 for grey, 3 for colour.

    Raises:
        RequestError: where it cannot be read; the message names it.
    """
    with _refused(where), _opened(source) as picture:
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        shown = (_darkened(upright) if _deep(upright) else upright).convert("L" if channels == 1 else "RGB")
    if size is not None and shown.size != (size[1], size[0]):
        shown = shown.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    pixels = np.array(shown, dtype=np.uint8).reshape(shown.height, shown.width, channels)
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()  # [C, H, W]


def measure(source: Picture, where: str) -> tuple[int, int, int]:
    """(channels, height, width) of a picture from its header: 1 channel where it is grey, else 3.

    Raises:
        RequestError: where it is no picture; the message names it.
    """
    with _refused(where), _opened(source) as picture:
        grey = picture.mode in ("1", "L", "LA") or _deep(picture)
        return (1 if grey else 3), picture.height, picture.width


@contextmanager
def _refused(where: str) -> Iterator[None]:
    try:
        yield
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise RequestError(f"The image {where} cannot be read ({reason}). Mend it or take it out.") from error


def _opened(source: Picture) -> Image.Image:
    if isinstance(source, np.ndarray):
        return Image.fromarray(source[..., 0] if source.ndim == 3 and source.shape[2] == 1 else source)
    return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source)


def _deep(picture: Image.Image) -> bool:
    return picture.mode[0] in "IF"  # more than eight bits of grey


def _darkened(picture: Image.Image) -> Image.Image:
    """The picture in 256 levels of grey; one that uses more is taken to use 65,536."""
    levels = np.asarray(picture, dtype=np.float64)
    return Image.fromarray((levels / (257 if levels.max() > 255 else 1)).clip(0, 255).astype(np.uint8))


def split(labels: Tensor, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Row numbers of train, val and test: 70, 15 and 15 % of every class, mixed by `seed`.

    A class of three examples or more has at least one in each part; the rest of each part follows the shares.
    """
    parts: tuple[list[Tensor], list[Tensor], list[Tensor]] = ([], [], [])
    for rows in _by_class(labels, seed):
        held = max(1, round(len(rows) * _SHARES[1])) if len(rows) >= 3 else 0
        parts[0].append(rows[2 * held :])
        parts[1].append(rows[:held])
        parts[2].append(rows[held : 2 * held])
    return torch.cat(parts[0]).sort().values, torch.cat(parts[1]).sort().values, torch.cat(parts[2]).sort().values


def hold_out(labels: Tensor, share: float, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Row numbers of the rest and of `share` of every class (one at least, where there are two), mixed by `seed`."""
    rest, held = [], []
    for rows in _by_class(labels, seed):
        count = max(1, round(len(rows) * share)) if len(rows) > 1 else 0
        held.append(rows[:count])
        rest.append(rows[count:])
    return torch.cat(rest).sort().values, torch.cat(held).sort().values


def subset(labels: Tensor, limit: int, seed: int = 0) -> Tensor:
    """Row numbers of `limit` examples with the classes in the proportions they have in all, mixed by `seed`."""
    if limit >= len(labels):
        return torch.arange(len(labels))
    groups = list(_by_class(labels, seed))
    exact = [len(rows) * limit / len(labels) for rows in groups]
    counts = [int(e) for e in exact]
    for i in sorted(range(len(groups)), key=lambda i: counts[i] - exact[i])[: limit - sum(counts)]:
        counts[i] += 1
    return torch.cat([rows[:count] for rows, count in zip(groups, counts, strict=True)]).sort().values


def _by_class(labels: Tensor, seed: int) -> Iterable[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    for label in sorted(set(labels.tolist())):
        rows = (labels == label).nonzero().flatten()
        yield rows[torch.randperm(len(rows), generator=generator)]


def statistics(inputs: Tensor, scale: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation per channel of `inputs / scale`; a channel without variation has deviation 1.

    Args:
        inputs: bytes [n, C, H, W].
    """
    total = inputs.shape[0] * inputs.shape[2] * inputs.shape[3]
    sums = torch.zeros(inputs.shape[1], dtype=torch.float64)
    squares = torch.zeros_like(sums)
    for part in torch.split(inputs, 2048):
        scaled = part.double() / scale
        sums += scaled.sum((0, 2, 3))
        squares += (scaled**2).sum((0, 2, 3))
    mean = sums / total
    std = (squares / total - mean**2).clamp(min=0).sqrt()
    std[std < 1e-6] = 1.0
    return tuple(mean.tolist()), tuple(std.tolist())


def standardise(inputs: Tensor, scale: float, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """(inputs / scale - mean) / std per channel, as float32."""
    center = torch.tensor(mean, dtype=torch.float32, device=inputs.device).view(-1, 1, 1)  # [C, 1, 1]
    width = torch.tensor(std, dtype=torch.float32, device=inputs.device).view(-1, 1, 1)
    return (inputs.float() / scale - center) / width  # [B, C, H, W]

"""The maps of a frozen stem, computed once for all examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

import torch
from torch import Tensor, nn

from genas.core import clock
from genas.core.errors import BudgetSpent, ScoreFailed
from genas.core.interfaces import Task

_BATCH = 16  # images that pass a stem together
_SHOWN = 4  # batches after which the time of all is foreseen
_LARGEST = torch.finfo(torch.float16).max


class FeatureCache:
    """What a frozen stem makes of each example, as it is and (with two views) mirrored left to right.

    The maps are kept on the CPU in half precision, or in single precision where a value is too large for that.

    Args:
        stem: turns images [B, c, H, W] into maps [B, C, h, w]; its mode is the same afterwards.
        prepare: turns bytes [B, c, H, W] into the stem's standardised input.
        inputs: bytes [n, c, H, W], one image at least.
        views: 1 for the images as they are, 2 for the mirrored ones too.
        resize: changes the height and width of prepared images, such as from 48 to 96 pixels.
        batch_size: images that pass the stem together; few, because the memory of larger ones is fetched anew for each
            layer (batches of 64 took about twice the time on a CPU).
        device: where the stem is.
        should_stop: asked before each batch.

    Attributes:
        maps: [views, n, C, h, w].

    Raises:
        BudgetSpent: where `should_stop` says so; nothing is kept.

    Example:
        ``cache = FeatureCache(stem, task.prepare, task.data("train").inputs, views=2)``, then
        ``cache.batch(torch.tensor([5, 0, 9]), generator)`` for each step.
    """

    def __init__(
        self,
        stem: nn.Module,
        prepare: Callable[[Tensor], Tensor],
        inputs: Tensor,
        *,
        views: int = 1,
        resize: Callable[[Tensor], Tensor] | None = None,
        batch_size: int = _BATCH,
        device: torch.device | str = "cpu",
        should_stop: Callable[[], bool] | None = None,
    ) -> None:
        if views not in (1, 2):
            raise ValueError(f"views must be 1 or 2, not {views}")
        if len(inputs) == 0:
            raise ValueError("there are no examples")
        maps: Tensor | None = None
        with _frozen(stem):
            for start in range(0, len(inputs), batch_size):
                if should_stop is not None and should_stop():
                    raise BudgetSpent(f"stopped after {start} of {len(inputs)} examples of the feature cache")
                images = prepare(inputs[start : start + batch_size].to(device))
                images = images if resize is None else resize(images)
                images = images.contiguous(memory_format=torch.channels_last)  # the faster order on a CPU
                for view in range(views):
                    features = stem(images if view == 0 else images.flip(3)).float().cpu()  # [B, C, h, w]
                    if maps is None:
                        maps = torch.empty((views, len(inputs), *features.shape[1:]), dtype=torch.float16)
                    if maps.dtype == torch.float16 and not bool(features.abs().amax() <= _LARGEST):
                        maps = maps.float()
                    maps[view, start : start + len(features)] = features
        assert maps is not None
        self.maps = maps

    def __len__(self) -> int:
        return self.maps.shape[1]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, h, w) of one example's map."""
        channels, height, width = self.maps.shape[2:]
        return channels, height, width

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the maps take: views * n * C * h * w * 2, or * 4 in single precision."""
        return self.maps.numel() * self.maps.element_size()

    def batch(self, index: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The maps of the examples at `index` [B] on the CPU, as float32 [B, C, h, w].

        Args:
            generator: of the CPU; picks a view for each example. Without it, all are as they are.
        """
        views = len(self.maps)
        if generator is None or views == 1:
            return self.maps[0].index_select(0, index).float()
        view = torch.randint(views, (len(index),), generator=generator)  # [B]
        return self.maps.flatten(0, 1).index_select(0, view * len(self) + index).float()


class StemCaches:
    """The caches of one process, shared by all networks with the same frozen stem and the same data.

    Args:
        limit: bytes of all caches together; the oldest are let go.
    """

    def __init__(self, limit: int = 2**31) -> None:
        self._limit, self._lock = limit, Lock()
        self._kept: dict[tuple[object, ...], FeatureCache] = {}
        self._inputs: dict[tuple[object, ...], Tensor] = {}  # kept, so that no other tensor gets their place

    def of(
        self,
        stem: nn.Module,
        resize: nn.Module,
        task: Task,
        inputs: Tensor,
        *,
        views: int,
        name: str,
        device: torch.device,
        spare: float | None = None,
    ) -> FeatureCache:
        """The cache of these examples, made where it is not there.

        Args:
            name: tells the stem and its input size from others.
            spare: seconds that making it may take; None is no such limit.

        Raises:
            ScoreFailed: it would take longer, as its first batches show.
        """
        key = (name, views, inputs.data_ptr(), len(inputs))
        with self._lock:
            if key not in self._kept:
                late = None if spare is None else _late(-(-len(inputs) // _BATCH), spare)
                try:
                    made = FeatureCache(
                        stem, task.prepare, inputs, views=views, resize=resize, device=device, should_stop=late
                    )
                except BudgetSpent as error:
                    raise ScoreFailed(
                        f"one pass of the data through its stem would take more than {spare:.0f} seconds of the budget"
                    ) from error
                self._kept[key], self._inputs[key] = made, inputs
                while len(self._kept) > 1 and sum(cache.nbytes for cache in self._kept.values()) > self._limit:
                    oldest = next(iter(self._kept))
                    del self._kept[oldest], self._inputs[oldest]
            return self._kept[key]


def _late(batches: int, spare: float) -> Callable[[], bool]:
    """Whether so many batches will take longer than the seconds, judged by those that are done."""
    start, done = clock.now(), 0

    def late() -> bool:
        nonlocal done
        done += 1
        return done > _SHOWN and (clock.now() - start) / (done - 1) * batches > spare

    return late


@contextmanager
def _frozen(stem: nn.Module) -> Iterator[None]:
    """Evaluation mode, and no gradients; each module's mode is set back at the end."""
    modes = [(module, module.training) for module in stem.modules()]
    stem.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, training in modes:
            module.training = training

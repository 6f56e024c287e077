"""A cache of the feature maps of a frozen stem, computed once for all examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

import torch
from torch import Tensor, nn

from genas.core import clock
from genas.core.errors import BudgetSpent, ScoreFailed
from genas.core.interfaces import Task

_BATCH = 16  # images per pass through the stem
_SHOWN = 4  # number of batches from which the time of all batches is predicted
_LARGEST = torch.finfo(torch.float16).max


class FeatureCache:
    """The feature maps of each example by a frozen stem; with two views, also of the mirrored example.

    The maps are kept on the CPU, in half precision, or in single precision if a value is too large for that.

    Args:
        stem: images [B, c, H, W] -> maps [B, C, h, w]; it is left in the mode it was in.
        prepare: turns bytes [B, c, H, W] into standardised inputs of the stem.
        inputs: bytes [n, c, H, W], at least one image.
        views: 1 for the images as they are; 2 adds the mirrored ones.
        resize: changes the height and width of prepared images, for example from 48 to 96 pixels.
        batch_size: images per pass. Small batches are faster: memory for large ones is allocated anew for each layer
            (batches of 64 took about twice the time on a CPU).
        device: the device of the stem.
        should_stop: called before each batch; if it returns True, the computation is stopped.

    Attributes:
        maps: [views, n, C, h, w].

    Raises:
        BudgetSpent: `should_stop` returned True; nothing is kept.

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
                images = images.contiguous(memory_format=torch.channels_last)  # this layout is faster on CPUs
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
        """The shape (C, h, w) of one map."""
        channels, height, width = self.maps.shape[2:]
        return channels, height, width

    @property
    def nbytes(self) -> int:
        """The memory of the maps in bytes: views * n * C * h * w * 2 (* 4 in single precision)."""
        return self.maps.numel() * self.maps.element_size()

    def batch(self, index: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The maps of some examples, on the CPU: float32 [B, C, h, w].

        Args:
            index: [B] indices of the examples.
            generator: of the CPU; draws a view per example. None takes the unmirrored views.
        """
        views = len(self.maps)
        if generator is None or views == 1:
            return self.maps[0].index_select(0, index).float()
        view = torch.randint(views, (len(index),), generator=generator)  # [B]
        return self.maps.flatten(0, 1).index_select(0, view * len(self) + index).float()


class StemCaches:
    """The feature caches of one process, shared by all networks with the same frozen stem and the same data.

    Args:
        limit: total bytes of all caches; beyond it, the oldest ones are dropped.
    """

    def __init__(self, limit: int = 2**31) -> None:
        self._limit, self._lock = limit, Lock()
        self._kept: dict[tuple[object, ...], FeatureCache] = {}
        self._inputs: dict[tuple[object, ...], Tensor] = {}  # kept alive, so that no other tensor gets their address

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
        """The cache of these examples; it is computed at the first call.

        Args:
            stem: the frozen stem.
            resize: resizes prepared images.
            task: prepares raw inputs.
            inputs: bytes [n, c, H, W].
            views: as in `FeatureCache`.
            name: identifies the stem and its input size.
            device: the device of the stem.
            spare: maximum seconds to compute the cache; None is unlimited.

        Raises:
            ScoreFailed: it would take longer than `spare`, predicted from its first batches.
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
    """A function that tells whether `batches` will take longer than `spare` seconds, predicted from finished ones."""
    start, done = clock.now(), 0

    def late() -> bool:
        nonlocal done
        done += 1
        return done > _SHOWN and (clock.now() - start) / (done - 1) * batches > spare

    return late


@contextmanager
def _frozen(stem: nn.Module) -> Iterator[None]:
    """Within this context, the stem is in evaluation mode without gradients; afterwards its modes are restored."""
    modes = [(module, module.training) for module in stem.modules()]
    stem.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, training in modes:
            module.training = training

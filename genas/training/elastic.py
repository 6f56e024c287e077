"""Weights of a smaller mobile network, cut out of a larger one's: kernels, depths and expansions are elastic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor

from genas.networks.mobile import MobileBlock, MobileNet, SqueezeExcite


def sort_by_importance(network: MobileNet) -> None:
    """Put the inner channels of each block in order, the most important first; the network computes the same.

    A channel is as important as the sum of the absolute weights that read it (L1). A smaller expansion takes the
    first channels, so this comes before expansions are made elastic.

    Source: Cai et al., "Once-for-All" (ICLR 2020), section 3.3, "elastic width".

    Args:
        network: changed in place.
    """
    with torch.no_grad():
        for block in _blocks(network.body):
            read: Tensor = block.narrow[0].weight.abs().sum(dim=(0, 2, 3))  # [inner]
            _take_inner(block, block, read.argsort(descending=True, stable=True))


def inherit(small: MobileNet, large: MobileNet) -> None:
    """Copy weights of the larger network into the smaller one.

    A stage of fewer blocks has the first ones, a smaller kernel is the centre of the larger, and a smaller
    expansion has the first inner channels; stem, widths and head are equal. Statistics of normalisation are copied too;
    recompute them on training examples before the small network is judged. Once-for-All's learned maps between
    kernels are left out: crops alone are its variant without them.

    Source: Cai et al., "Once-for-All" (ICLR 2020), section 3.3 and figure 3.

    Args:
        small: changed in place.
        large: has each stage's width and squeeze-excite, at least as many blocks, and blocks at least as large.

    Raises:
        ValueError: a part of the smaller network is larger, or of another kind; the message names it.
    """
    if obstacle := _obstacle(small.config, large.config):
        raise ValueError(obstacle)
    with torch.no_grad():
        for part in ("stem", "last", "head"):
            getattr(small, part).load_state_dict(getattr(large, part).state_dict())
        for mine, its in zip(small.body, large.body, strict=True):
            for block, source in zip(_blocks(mine), _blocks(its), strict=False):
                _take_inner(block, source, torch.arange(block.filter[0].out_channels))


def _obstacle(small: dict[str, Any], large: dict[str, Any]) -> str | None:
    """What of the smaller network's config does not fit into the larger one's; None where all does."""
    for name in ("stem", "stride", "act", "channels", "size", "outputs"):
        if small[name] != large[name]:
            return f"{name} must be {large[name]}, that of the larger network, not {small[name]}"
    if len(small["stages"]) != len(large["stages"]):
        return f"there must be {len(large['stages'])} stages, as in the larger network, not {len(small['stages'])}"
    stages = zip(small["stages"], large["stages"], strict=True)
    for number, ((width, excite, blocks), (wide, excites, most)) in enumerate(stages, start=1):
        if (width, excite) != (wide, excites):
            return f"stage {number} must have the width and squeeze-excite of the larger network's"
        pairs = zip(blocks, most, strict=False)
        if len(blocks) > len(most) or any(kernel > big or times > wider for (kernel, times), (big, wider) in pairs):
            return f"stage {number} is larger than the larger network's: {blocks} beside {most}"
    return None


def _blocks(stage: Any) -> Iterator[Any]:
    """The blocks of a stage or of all stages, in order."""
    return (block for block in stage.modules() if isinstance(block, MobileBlock))


def _take_inner(block: Any, source: Any, chosen: Tensor) -> None:
    """Give the block these inner channels of the source, and the centre of its kernels.

    Args:
        block: a `MobileBlock`, changed in place.
        source: another, or the same one.
        chosen: inner channels of the source, as many as the block has.
    """
    small, large = block.filter[0].kernel_size[0], source.filter[0].kernel_size[0]
    centre = slice((large - small) // 2, (large + small) // 2)
    block.filter[0].weight.copy_(source.filter[0].weight[chosen][..., centre, centre])
    block.widen[0].weight.copy_(source.widen[0].weight[chosen])
    block.narrow[0].weight.copy_(source.narrow[0].weight[:, chosen])
    for mine, its in ((block.widen[1], source.widen[1]), (block.filter[1], source.filter[1])):
        mine.load_state_dict(
            {name: values[chosen] if values.ndim else values for name, values in its.state_dict().items()}
        )
    block.narrow[1].load_state_dict(source.narrow[1].state_dict())
    if isinstance(block.excite, SqueezeExcite):
        gate, its = cast(Any, block.excite), source.excite
        middle = gate.reduce.out_channels
        gate.reduce.weight.copy_(its.reduce.weight[:middle, chosen])
        gate.reduce.bias.copy_(its.reduce.bias[:middle])
        gate.expand.weight.copy_(its.expand.weight[chosen, :middle])
        gate.expand.bias.copy_(its.expand.bias[chosen])

"""Network morphisms: a larger convolutional network that computes the same function as a smaller, trained one.

Source: Wei et al., "Network Morphism" (ICML 2016); Elsken et al., "Simple and Efficient Architecture Search for CNNs"
(2017), section 3: deeper by identity layers, wider by channels that are not read yet, and skips. Here a skip is a
residual block in place of a plain convolution, kernels grow too (with zeros around the old ones), and new batch norms
start from the statistics of real images, so that training, too, continues from the same function.

Only exact morphisms are allowed:

- SiLU has no exact identity. With SiLU, a stage whose blocks end in the activation (plain, residual, separable) never
  gets deeper, and a plain stage stays plain. Inverted and mbconv blocks end linearly and can always be added.
- An inverted or mbconv block never gains a shortcut, nor loses one.
- The inner channels of squeeze-excite grow with a block, but a block never gains or loses squeeze-excite.
- A new stage would halve the image, so the number of stages stays. So do the image size, a pretrained stem, the stride
  of the stem, the activation and the pooling.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture
from genas.networks.conv_net import ConvNet, Inverted, Plain, Residual, Separable

_NUMBERED = re.compile(r"([a-z]+)(\d+)")
_VERBS = {"stem": "widen", "w": "widen", "inverted": "widen", "d": "deepen", "k": "larger kernel"}
_KINDS = {("plain", "residual"), ("inverted3", "inverted6")}  # (old, new) kinds of blocks


class Growth(NamedTuple):
    """An architecture that is larger by one move: the kind of move, the architecture, and the move in words."""

    verb: str
    arch: Architecture
    note: str


def growths(space: SearchSpace, arch: Architecture) -> Iterator[Growth]:
    """All architectures of `conv_net` that are one move larger. `obstacle` tells whether they can inherit weights.

    A number grows to at most its double (an expansion, from 3 to 6). A plain stage becomes a residual stage with the
    same or twice the width.
    """
    labels = space.frame(len(arch.ops)).labels
    for node, op in enumerate(arch.ops):
        for label in labels[node]:
            old, new = _NUMBERED.fullmatch(op), _NUMBERED.fullmatch(label)
            if old and new and old[1] == new[1] in _VERBS and int(old[2]) < int(new[2]) <= 2 * int(old[2]):
                yield Growth(_VERBS[old[1]], _changed(arch, {node: label}), _words(space, node, f"{op} to {label}"))
        if op == "plain":
            width = int(arch.ops[node + 3][1:])
            for changed in ({}, {node + 3: f"w{2 * width}"}):
                if all(label in labels[place] for place, label in changed.items()):
                    words = _words(space, node, " ".join(["plain to residual", *changed.values()]))
                    yield Growth("add skip", _changed(arch, {node: "residual", **changed}), words)


def _changed(arch: Architecture, labels: dict[int, str]) -> Architecture:
    return Architecture(arch.space, tuple(labels.get(i, op) for i, op in enumerate(arch.ops)), arch.edges)


def _words(space: SearchSpace, node: int, change: str) -> str:
    place = node - 1 - len(space.head)  # type: ignore[attr-defined]
    return change if place < 0 else f"stage {place // len(space.stage) + 1}: {change}"  # type: ignore[attr-defined]


def skeleton(space: SearchSpace, arch: Architecture, task: Task) -> nn.Module:
    """The network on the meta device, without memory; enough for `obstacle`."""
    with torch.device("meta"):
        return space.build(arch, task)


def obstacle(parent: nn.Module, child: nn.Module) -> str | None:
    """Why the child can't start from the function of the parent, in words; None if it can."""
    if not isinstance(parent, ConvNet) or not isinstance(child, ConvNet):
        return "only networks of conv_net have morphisms"
    old, new = parent.config, child.config
    if any(old[key] != new[key] for key in ("channels", "size", "outputs")):
        return "the tasks differ"
    for key, words in {"resize": "image size", "stride": "stem stride", "act": "activation", "pool": "pooling"}.items():
        if old[key] != new[key]:
            return f"the {words} differs"
    if len(old["stages"]) != len(new["stages"]):
        return "the number of stages differs"
    if parent.frozen or child.frozen:
        if any(old[key] != new[key] for key in ("stem", "mean", "std")):
            return "the pretrained stem differs"
    elif new["stem"] < old["stem"]:
        return "the stem is narrower"
    for number, blocks in enumerate(zip(_stages(parent), _stages(child), strict=True)):
        if reason := _stage_obstacle(old["stages"][number], new["stages"][number], blocks, new["act"]):
            return f"stage {number + 1}: {reason}"
    return None


def _stage_obstacle(
    old: list[int | str], new: list[int | str], blocks: tuple[list[nn.Module], list[nn.Module]], act: str
) -> str | None:
    """The obstacle of one stage, or None.

    Args:
        old: (kind, kernel, depth, width) of the parent.
        new: the same of the child.
        blocks: blocks of the parent, and of the child.
        act: the activation.
    """
    for name, small, large in zip(("kernel", "depth", "width"), old[1:], new[1:], strict=True):
        if large < small:  # type: ignore[operator]
            return f"its {name} is smaller"
    skipped = old[0] == "plain" and new[0] == "residual"
    if old[0] != new[0] and (old[0], new[0]) not in _KINDS:
        return f"{old[0]} can't become {new[0]}"
    ends_linear = isinstance(blocks[0][0], Inverted)
    if act != "relu" and not ends_linear and (skipped or new[2] > old[2]):  # type: ignore[operator]
        return f"{act} passes nothing unchanged"
    was, now = _direct(blocks[0][0]), _direct(blocks[1][0])
    if skipped and (now or (len(blocks[0]) > 1 and new[3] < 2 * old[3])):  # type: ignore[operator]
        return "a residual that starts as a plain convolution needs a projection, or twice the width"
    if not skipped and now and not was:
        return "a shortcut without weights can't be taken back"
    if ends_linear and was and not now:
        return "the shortcut would be lost"
    return None


def _direct(block: nn.Module) -> bool:
    """Whether the block has an identity shortcut."""
    if isinstance(block, Residual):
        return isinstance(block.shortcut.body, nn.Identity)
    return isinstance(block, Inverted) and block.keep


def _stages(network: ConvNet) -> list[list[nn.Module]]:
    blocks = iter(network.blocks)
    return [[next(blocks) for _ in range(depth)] for _, _, depth, _ in network.config["stages"]]


class _Passing(NamedTuple):
    """Channels of a batch norm that must become an identity; this needs their statistics."""

    norm: nn.BatchNorm2d
    channels: slice


@torch.no_grad()
def inherit(parent: ConvNet, child: ConvNet, images: Tensor) -> None:
    """Give a freshly initialised child the function of its parent, in place. Additional weights stay as initialised.

    Args:
        parent: the trained network.
        child: a network without `obstacle`; it is left in evaluation mode.
        images: prepared images [B, C, H, W] that provide the statistics of new batch norms.
    """
    assert obstacle(parent, child) is None, obstacle(parent, child)
    _copy(child.stem, parent.stem)
    _copy_head(child, parent)
    passing: list[_Passing] = []
    for old, new in zip(_stages(parent), _stages(child), strict=True):
        for block, source in zip(new, old, strict=False):
            skipped = isinstance(source, Plain) and isinstance(block, Residual)
            passing += _bypass(block, source) if skipped else _succeed(block, source)
        for block in new[len(old) :]:
            passing += _pass_through(block)
    _settle(child, passing, images)


def _copy(child: nn.Module, parent: nn.Module) -> None:
    """Copy the parent's weights into the first channels, which do not read the others."""
    own = child.state_dict()
    for name, old in parent.state_dict().items():
        new = own[name]
        if new.ndim == 0:
            new.copy_(old)
            continue
        new[: len(old)] = 0
        middle = [slice((n - o) // 2, (n - o) // 2 + o) for n, o in zip(new.shape[2:], old.shape[2:], strict=True)]
        new[(*(slice(size) for size in old.shape[:2]), *middle)] = old


def _copy_head(child: ConvNet, parent: ConvNet) -> None:
    """Copy the parent's weights for the first channels of each mean, maximum or quarter; the others get zeros."""
    times, (outputs, _) = parent.pool.times, parent.head.weight.shape
    old, new = (net.head.weight.view(outputs, times, -1) for net in (parent, child))
    new.zero_()
    new[..., : old.shape[2]] = old
    child.head.bias.copy_(parent.head.bias)


def _succeed(block: nn.Module, source: nn.Module) -> list[_Passing]:
    """Copy a block into one of the same kind, or into one that is wider inside.

    If only the new block's shortcut has weights, they become an identity.
    """
    _copy(block, source)
    if not isinstance(block, Residual) or not _direct(source) or _direct(block):
        return []
    assert isinstance(source, Residual)
    return [_pass(block.shortcut.body, slice(_parts(source.second)[1].num_features))]


def _parts(conv_norm: nn.Module) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    conv, norm = conv_norm.children()
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    return conv, norm


def _pass(conv_norm: nn.Module, channels: slice) -> _Passing:
    """Make these channels copies of the first input channels (in a depthwise convolution, of their own channels)."""
    conv, norm = _parts(conv_norm)
    rows = conv.weight[channels]
    rows.zero_()
    middle = rows.shape[-1] // 2
    for i in range(len(rows)):
        rows[i, 0 if conv.groups > 1 else i, middle, middle] = 1
    return _Passing(norm, channels)


def _pass_through(block: nn.Module) -> list[_Passing]:
    """Make a new block an identity: its residual is zero, or its convolutions copy their non-negative input."""
    everything = slice(None)
    if isinstance(block, Plain):
        return [_pass(block.body, everything)]
    if isinstance(block, Separable):
        return [_pass(block.body[0], everything), _pass(block.body[2], everything)]
    assert isinstance(block, Residual | Inverted)
    norm = _parts(block.second if isinstance(block, Residual) else block.body[-1])[1]
    nn.init.zeros_(norm.weight)
    nn.init.zeros_(norm.bias)
    return []


def _bypass(block: nn.Module, source: nn.Module) -> list[_Passing]:
    """Make a residual block compute its source, a plain convolution f.

    A projection shortcut starts at zero. With an identity shortcut, one half of the inner channels carry f(x) and the
    other half x, and the second convolution computes their difference, so that x + (f(x) - x) remains.
    """
    assert isinstance(block, Residual)
    assert isinstance(source, Plain)
    width = _parts(source.body)[1].num_features
    _copy(block.first, source.body)
    passing = [_pass(block.second, slice(width))]
    if not _direct(block):
        nn.init.zeros_(_parts(block.shortcut.body)[1].weight[:width])
        return passing
    difference = _parts(block.second)[0].weight
    middle = difference.shape[-1] // 2
    for i in range(width):
        difference[i, width + i, middle, middle] = -1
    return [_pass(block.first, slice(width, 2 * width)), *passing]


def _settle(network: ConvNet, passing: list[_Passing], images: Tensor) -> None:
    """Make the batch norms in `passing` exact identities in evaluation mode, and for these images in training mode.

    They take over the mean and spread of their inputs in training mode; all other norms keep their statistics.
    """

    def note(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        for channels in (p.channels for p in passing if p.norm is norm):
            seen = inputs[0][:, channels]
            mean, var = seen.mean((0, 2, 3)), seen.var((0, 2, 3), unbiased=False)
            assert norm.running_mean is not None
            assert norm.running_var is not None
            norm.running_mean[channels], norm.running_var[channels] = mean, var
            norm.weight[channels], norm.bias[channels] = (var + norm.eps).sqrt(), mean

    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    before = [norm.momentum for norm in norms]
    hooks = [p.norm.register_forward_pre_hook(note) for p in passing]
    for norm in norms:
        norm.momentum = 0.0
    network.train()(images)
    for norm, momentum in zip(norms, before, strict=True):
        norm.momentum = momentum
    for hook in hooks:
        hook.remove()
    network.eval()

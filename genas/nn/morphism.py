"""Network morphisms: a larger convolutional network that computes what a smaller, trained one computes.

Source: Wei et al., "Network Morphism" (ICML 2016); Elsken et al., "Simple and Efficient Architecture Search for CNNs"
(2017), section 3: deeper by layers that do nothing yet, wider by channels that nothing reads yet, skips. Here a skip is
a residual in the place of a plain convolution, kernels grow too (zeros around the old ones), and new normalisations
start from the statistics of real images, so that training goes on from the same function as well.

What can't be had exactly is left out: ReLU6 and hard-swish pass no identity, so an inverted or mbconv block that had no
shortcut gets none; group normalisation looks at all channels, so a convnext stage and what feeds it are never widened;
a stage that is added halves the image, so the number of stages stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Architecture
from genas.nn.conv_blocks import Bottleneck, ConvNet, ConvNext, Inverted, Plain, Residual, Separable

_NUMBERED = re.compile(r"([a-z]+)(\d+)")
_VERBS = {"stem": "widen", "w": "widen", "d": "deepen", "k": "larger kernel"}
_PER_STAGE = 4  # labels: kind, kernel, depth, width


class Growth(NamedTuple):
    """An architecture that is larger by one label: which kind of move made it, and the move in words."""

    verb: str
    arch: Architecture
    note: str


def growths(space: SearchSpace, arch: Architecture) -> Iterator[Growth]:
    """All architectures of `conv_net` one move larger; whether weights can be inherited, `obstacle` says.

    A number grows to at most its double; a plain stage becomes a residual one, as wide as it is or twice.
    """
    labels = space.frame(len(arch.ops)).labels
    for node, op in enumerate(arch.ops):
        for label in labels[node]:
            old, new = _NUMBERED.fullmatch(op), _NUMBERED.fullmatch(label)
            if old and new and old[1] == new[1] and int(old[2]) < int(new[2]) <= 2 * int(old[2]):
                yield Growth(_VERBS[old[1]], _changed(arch, {node: label}), _words(node, f"{op} to {label}"))
        if op == "plain":
            width = int(arch.ops[node + 3][1:])
            for changed in ({}, {node + 3: f"w{2 * width}"}):
                if all(label in labels[place] for place, label in changed.items()):
                    words = _words(node, " ".join(["plain to residual", *changed.values()]))
                    yield Growth("add skip", _changed(arch, {node: "residual", **changed}), words)


def _changed(arch: Architecture, labels: dict[int, str]) -> Architecture:
    return Architecture(arch.space, tuple(labels.get(i, op) for i, op in enumerate(arch.ops)), arch.edges)


def _words(node: int, change: str) -> str:
    return change if node < 2 else f"stage {(node - 2) // _PER_STAGE + 1}: {change}"


def skeleton(space: SearchSpace, arch: Architecture, task: Task) -> nn.Module:
    """The network without memory for its weights: enough for `obstacle`."""
    with torch.device("meta"):
        return space.build(arch, task)


def obstacle(parent: nn.Module, child: nn.Module) -> str | None:
    """Why the child can't start as the same function as the parent, in words; None where it can."""
    if not isinstance(parent, ConvNet) or not isinstance(child, ConvNet):
        return "only networks of conv_net have morphisms"
    old, new = parent.config, child.config
    if any(old[key] != new[key] for key in ("channels", "size", "outputs")):
        return "the tasks differ"
    if len(old["stages"]) != len(new["stages"]):
        return "the number of stages differs"
    if new["stem"] < old["stem"]:
        return "the stem is narrower"
    before = (old["stem"], new["stem"])
    for number, stage in enumerate(zip(_stages(parent), _stages(child), strict=True)):
        widths = (old["stages"][number][3], new["stages"][number][3])
        if reason := _stage_obstacle(old["stages"][number], new["stages"][number], before, stage):
            return f"stage {number + 1}: {reason}"
        before = widths
    return None


def _stage_obstacle(
    old: list[int | str], new: list[int | str], before: tuple[int, int], blocks: tuple[list[nn.Module], list[nn.Module]]
) -> str | None:
    """The same for one stage: its (kind, kernel, depth, width), the widths before it, and its blocks."""
    for name, small, large in zip(("kernel", "depth", "width"), old[1:], new[1:], strict=True):
        if large < small:  # type: ignore[operator]
            return f"its {name} is smaller"
    skipped = old[0] == "plain" and new[0] == "residual"
    if old[0] != new[0] and not skipped:
        return f"{old[0]} can't become {new[0]}"
    if old[0] == "convnext" and (old[3] != new[3] or before[0] != before[1]):
        return "group normalisation looks at all channels, new ones too"
    was, now = _direct(blocks[0][0]), _direct(blocks[1][0])
    if skipped and (now or (len(blocks[0]) > 1 and new[3] < 2 * old[3])):  # type: ignore[operator]
        return "a residual that starts as a plain convolution needs a projection, or twice the width"
    if not skipped and now and not was:
        return "a shortcut without weights can't be taken back"
    if isinstance(blocks[0][0], Inverted) and was and not now:
        return "the shortcut would be lost"
    return None


def _direct(block: nn.Module) -> bool:
    """Whether the block adds its input as it is."""
    if isinstance(block, Residual | Bottleneck):
        return isinstance(block.shortcut.body, nn.Identity)
    return isinstance(block, Inverted) and block.keep


def _stages(network: ConvNet) -> list[list[nn.Module]]:
    blocks = iter(network.blocks)
    return [[next(blocks) for _ in range(depth)] for _, _, depth, _ in network.config["stages"]]


class _Passing(NamedTuple):
    """Channels of a normalisation that pass what they get, once their statistics are known."""

    norm: nn.BatchNorm2d
    channels: slice


@torch.no_grad()
def inherit(parent: ConvNet, child: ConvNet, images: Tensor) -> None:
    """Give a freshly initialised child the function of its parent; what the child has more keeps its own weights.

    Args:
        parent: the trained network.
        child: a network with no `obstacle` to that; left in evaluation mode.
        images: prepared images [B, C, H, W] that new normalisations take their statistics from.
    """
    assert obstacle(parent, child) is None, obstacle(parent, child)
    _copy(child.stem, parent.stem)
    _copy(child.head, parent.head)
    passing: list[_Passing] = []
    for old, new in zip(_stages(parent), _stages(child), strict=True):
        for block, source in zip(new, old, strict=False):
            passing += _bypass(block, source) if type(block) is not type(source) else _succeed(block, source)
        for block in new[len(old) :]:
            passing += _pass_through(block)
    _settle(child, passing, images)


def _copy(child: nn.Module, parent: nn.Module) -> None:
    """The parent's weights in the first channels; those do not read the others."""
    own = child.state_dict()
    for name, old in parent.state_dict().items():
        new = own[name]
        if new.ndim == 0:
            new.copy_(old)
            continue
        new[: len(old)] = 0
        middle = [slice((n - o) // 2, (n - o) // 2 + o) for n, o in zip(new.shape[2:], old.shape[2:], strict=True)]
        new[(*(slice(size) for size in old.shape[:2]), *middle)] = old


def _succeed(block: nn.Module, source: nn.Module) -> list[_Passing]:
    """A block of the same kind; where a shortcut gets weights, they pass what came through without."""
    _copy(block, source)
    if not isinstance(block, Residual | Bottleneck) or not _direct(source) or _direct(block):
        return []
    assert isinstance(source, Residual | Bottleneck)
    last = source.second if isinstance(source, Residual) else source.body[-1]
    return [_pass(block.shortcut.body, slice(_parts(last)[1].num_features))]


def _parts(conv_norm: nn.Module) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    conv, norm = conv_norm.children()
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    return conv, norm


def _pass(conv_norm: nn.Module, channels: slice) -> _Passing:
    """These channels become the first of the input, or with a group for each channel those of the same number."""
    conv, norm = _parts(conv_norm)
    rows = conv.weight[channels]
    rows.zero_()
    middle = rows.shape[-1] // 2
    for i in range(len(rows)):
        rows[i, 0 if conv.groups > 1 else i, middle, middle] = 1
    return _Passing(norm, channels)


def _pass_through(block: nn.Module) -> list[_Passing]:
    """A new block that changes nothing: what it adds is zero, or its convolutions pass what is never negative."""
    everything = slice(None)
    if isinstance(block, Plain):
        return [_pass(block.body, everything)]
    if isinstance(block, Separable):
        return [_pass(block.body[0], everything), _pass(block.body[2], everything)]
    assert isinstance(block, Residual | Bottleneck | Inverted | ConvNext)
    last = list((block.second if isinstance(block, Residual) else block.body).modules())[-1]
    nn.init.zeros_(last.weight)  # type: ignore[arg-type]
    nn.init.zeros_(last.bias)  # type: ignore[arg-type]
    return []


def _bypass(block: nn.Module, source: nn.Module) -> list[_Passing]:
    """A residual that computes its source, a plain convolution f.

    A projection starts at zero. Where the input x comes through as it is, half of the inner channels carry f(x) and
    half x, and the second convolution takes their difference, so that x + (f(x) - x) is left.
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
    """Make passing normalisations exact in evaluation mode, and for these images in training mode.

    They take the mean and spread of what they get in training mode as their own; all others keep their statistics.
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

"""Network morphisms: a larger convolutional network that computes what a smaller, trained one computes.

Source: Wei et al., "Network Morphism" (ICML 2016); Elsken et al., "Simple and Efficient Architecture Search for CNNs"
(2017), section 3: deeper by layers that do nothing yet, wider by channels that nothing reads yet, skips. Here a skip is
a residual in the place of a plain convolution, kernels grow too (zeros around the old ones), and new normalisations
start from the statistics of real images, so that training goes on from the same function as well.

What can't be had exactly is left out. SiLU passes nothing unchanged, so with it no stage gets deeper whose blocks end
in the activation (plain, residual, separable), and plain stays plain; inverted and mbconv blocks end linear and can
always be added. An inverted or mbconv block that had no shortcut gets none, and keeps the one that it has. The channels
that squeeze-excite computes its weights from grow with a block, but one with and one without never become each other.
A stage that is added halves the image, so the number of stages stays, as do the size of the image, a pretrained stem,
the stem's stride, the activation and the pooling.
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
_KINDS = {("plain", "residual"), ("inverted3", "inverted6")}  # what may become what


class Growth(NamedTuple):
    """An architecture that is larger by one label: which kind of move made it, and the move in words."""

    verb: str
    arch: Architecture
    note: str


def growths(space: SearchSpace, arch: Architecture) -> Iterator[Growth]:
    """All architectures of `conv_net` one move larger; whether weights can be inherited, `obstacle` says.

    A number grows to at most its double (an expansion from 3 to 6); a plain stage becomes a residual one, as wide as it
    is or twice.
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
    """The same for one stage: its (kind, kernel, depth, width) and its blocks, of the parent and of the child."""
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
    """Whether the block adds its input as it is."""
    if isinstance(block, Residual):
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


def _copy_head(child: ConvNet, parent: ConvNet) -> None:
    """The parent's weights for the first channels of each mean, maximum or quarter; nothing is read of the others."""
    times, (outputs, _) = parent.pool.times, parent.head.weight.shape
    old, new = (net.head.weight.view(outputs, times, -1) for net in (parent, child))
    new.zero_()
    new[..., : old.shape[2]] = old
    child.head.bias.copy_(parent.head.bias)


def _succeed(block: nn.Module, source: nn.Module) -> list[_Passing]:
    """A block of the same kind, or one wider inside.

    Where its shortcut has weights and the parent's has none, they pass what came through.
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
    assert isinstance(block, Residual | Inverted)
    norm = _parts(block.second if isinstance(block, Residual) else block.body[-1])[1]
    nn.init.zeros_(norm.weight)
    nn.init.zeros_(norm.bias)
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

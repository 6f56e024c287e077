"""Probes of spectra: of features, of block Jacobians and of the Fisher information."""

from __future__ import annotations

import math
from collections.abc import Collection
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, pixel_unshuffle
from torch.nn.modules.conv import _ConvNd

from genas.core.errors import ScoreFailed
from genas.probes.subject import LAYERS, Outcome, Subject, watched

_OUTPUTS = 10  # number of outputs in the Fisher information; more outputs are mixed at random into this many
_SMOOTH = 0.05  # weight of the uniform distribution mixed into the predicted one


class _Passage(NamedTuple):
    before: Tensor
    after: Tensor


def blocks(subject: Subject, wanted: Collection[str]) -> dict[str, Outcome]:
    """The proxies of AZ-NAS over a chain of blocks: expressivity, progressivity and, if wanted, trainability.

    Expressivity is the summed entropy of the features after each block, progressivity the smallest increase from block
    to block, trainability the closeness of each block's Jacobian to spectral norm 1.

    Source: Lee & Ham, AZ-NAS (CVPR 2024).

    Raises:
        ScoreFailed: the network is no chain of blocks.
    """
    network = subject.kaiming.train()
    passages: list[_Passage] = []
    handles = [block.register_forward_hook(_recorder(passages)) for block in _chain(network)]
    try:
        with torch.enable_grad(), subject.random("blocks"):
            network(subject.like(subject.noise("blocks inputs").requires_grad_()))
    finally:
        for handle in handles:
            handle.remove()
    if len(passages) < 2:
        raise ScoreFailed("the network is no chain of blocks")
    entropies = [_entropy(_as_rows(passage.after.detach())) for passage in passages]
    gains = [after - before for before, after in pairwise(entropies)]
    results: dict[str, Outcome] = {"expressivity": sum(entropies), "progressivity": min(gains)}
    if "trainability" in wanted:
        results["trainability"] = _trainability(subject, passages)
    return results


def _recorder(passages: list[_Passage]) -> Any:
    def hook(_module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if args and isinstance(args[0], Tensor) and isinstance(output, Tensor):
            passages.append(_Passage(args[0], output))

    return hook


def _chain(network: nn.Module) -> list[nn.Module]:
    """The blocks of the network: the members of the module list with the most members that have submodules.

    Raises:
        ScoreFailed: there is no such list.
    """
    lists = [list(m.children()) for m in network.modules() if isinstance(m, nn.Sequential | nn.ModuleList)]
    sizes = [sum(bool(list(member.children())) for member in members) for members in lists]
    if not sizes or max(sizes) < 2:
        raise ScoreFailed("the network is no chain of blocks")
    return lists[sizes.index(max(sizes))]


def _as_rows(features: Tensor) -> Tensor:
    """Feature maps [B, C, H, W] or tokens [B, T, C] as one row of channels per position: [positions, C]."""
    return (features.movedim(1, -1) if features.ndim == 4 else features).flatten(0, -2)  # [positions, C]


def _entropy(rows: Tensor) -> float:
    centred = (rows - rows.mean(0)).double()
    values = torch.linalg.eigvalsh(centred.T @ centred / len(rows)).clamp_min(0)
    if values.sum() <= 0:
        raise ScoreFailed("the features of a block are the same everywhere")
    shares = values / values.sum()
    return -float((shares * (shares + 1e-8).log()).sum())


def _trainability(subject: Subject, passages: list[_Passage]) -> Outcome:
    scores = []
    with subject.random("blocks directions"):
        signs = [(torch.rand(p.after.shape) < 0.5).to(p.after) * 2 - 1 for p in passages[1:]]
    for passage, out in zip(passages[1:], signs, strict=True):
        backs = torch.autograd.grad(passage.after, passage.before, out, retain_graph=True, allow_unused=True)
        back: Tensor | None = backs[0]
        if back is None:
            return ScoreFailed("a block's output does not depend on its input")
        if back.shape == out.shape and torch.equal(back, out):
            return ScoreFailed("a block passes its input on unchanged")
        norm = _norm(_as_rows(_same_places(back, out)), _as_rows(out))
        scores.append(2 - norm - 1 / (norm + 1e-6))
    return sum(scores) / len(scores)


def _same_places(back: Tensor, out: Tensor) -> Tensor:
    """The gradient of a larger map, with the pixels under one pixel of the smaller map moved into channels."""
    if back.ndim != 4 or back.shape[2:] == out.shape[2:]:
        return back
    step = math.ceil(back.shape[2] / out.shape[2])
    missing = [out.shape[3] * step - back.shape[3], out.shape[2] * step - back.shape[2]]
    return pixel_unshuffle(pad(back, (0, missing[0], 0, missing[1])), step)


def _norm(back: Tensor, out: Tensor) -> float:
    """The spectral norm of the Jacobian, estimated with random directions."""
    return float(torch.linalg.matrix_norm((back.T @ out / len(out)).double(), ord=2))


class _Weight(NamedTuple):
    """One weight of a layer."""

    output: Tensor  # of the layer
    factor: Tensor  # the values that the weight multiplies, by position
    last: bool  # whether channels are the last axis of the output

    def derivative(self, grad: Tensor) -> Tensor:
        """The derivative [B] of each example's output by the weight.

        Args:
            grad: of the network's output by the layer's output.
        """
        of_channel = grad[..., 0] if self.last else grad[:, 0]
        return (of_channel * self.factor).reshape(len(grad), -1).sum(1)


def information(subject: Subject) -> float:
    """The number of layers plus the evenness of the spectrum of the Fisher information of one weight per layer.

    Source: Tybl & Neumann, VKDNW (CVPR 2025).

    Raises:
        ScoreFailed: the task is a graph, or the Fisher information is 0.
    """
    if subject.is_graph:
        raise ScoreFailed("the nodes of a graph are not separate examples")
    network = subject.kaiming
    inputs = subject.like(subject.noise("blocks inputs")) if subject.inputs.is_floating_point() else subject.inputs
    with torch.no_grad(), subject.random("information"):
        network.train()(inputs)  # sets the statistics of the norms
    weights: list[_Weight] = []

    def see(module: nn.Module, values: Tensor, output: Tensor) -> None:
        weights.append(_weight(module, values.detach(), output))

    with torch.enable_grad(), watched(network.eval(), LAYERS, see):
        logits = network(inputs)
    logits = logits[:, -1] if logits.ndim == 3 else logits  # [B, outputs]; for text, of the last token
    rows = []
    outputs = [weight.output for weight in weights]
    for direction in _directions(subject, logits.detach()):
        grads = torch.autograd.grad(logits, outputs, direction, retain_graph=True, allow_unused=True)
        columns = [
            torch.zeros(len(logits), device=logits.device) if g is None else w.derivative(g)
            for w, g in zip(weights, grads, strict=True)
        ]
        rows.append(torch.stack(columns, 1))  # [B, weights]
    return _layers_and_evenness(torch.cat(rows).double() / math.sqrt(len(logits)))


def _weight(module: nn.Module, values: Tensor, output: Tensor) -> _Weight:
    """The first weight of the first channel of the layer."""
    if not isinstance(module, _ConvNd):
        return _Weight(output, values[..., 0], last=True)
    single = torch.zeros(1, 1, *module.kernel_size, device=values.device)
    single.view(-1)[0] = 1.0
    convolve = {3: torch.conv1d, 4: torch.conv2d, 5: torch.conv3d}[values.ndim]
    moved = convolve(values[:, :1], single, None, module.stride, module.padding, module.dilation)
    return _Weight(output, moved[:, 0], last=False)


def _directions(subject: Subject, logits: Tensor) -> list[Tensor]:
    """Columns [B, outputs] of a square root of the covariance of a label drawn from the prediction.

    With more than `_OUTPUTS` outputs, random mixtures of the columns.
    """
    outputs = logits.shape[1]
    chance = logits.softmax(1) * (1 - _SMOOTH) + _SMOOTH / outputs
    root = torch.diag_embed(chance.sqrt()) - chance[:, :, None] * chance.sqrt()[:, None]  # [B, outputs, outputs]
    if outputs > _OUTPUTS:
        with subject.random("mixtures"):
            mix = torch.randn(outputs, _OUTPUTS) / math.sqrt(_OUTPUTS)
        root = root @ mix.to(root)
    return list(root.unbind(2))


def _layers_and_evenness(rows: Tensor) -> float:
    values = torch.linalg.svdvals(rows).square().cpu()
    layers = rows.shape[1]
    spectrum = torch.cat([values, torch.zeros(max(0, layers - len(values)), dtype=values.dtype)])
    deciles = torch.quantile(spectrum, torch.arange(1, 10, dtype=values.dtype) / 10)
    if deciles.sum() <= 0:
        raise ScoreFailed("the Fisher information is 0")
    shares = deciles / deciles.sum()
    entropy = -float((shares * (shares + 1e-10).log()).sum())
    return layers + 0.999 * entropy / math.log(9)

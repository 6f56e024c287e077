"""Probes of one forward pass and two backward passes over a batch, and probes of weights without data."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from copy import copy, deepcopy

import numpy as np
import torch
from torch import Tensor, nn

from genas.core.errors import ScoreFailed
from genas.probes.subject import LAYERS, NORMS, Outcome, Subject, switched, watched, weights_of
from genas.training.fresh import blank

SWITCHES: tuple[type[nn.Module], ...] = (
    nn.ReLU, nn.ReLU6, nn.GELU, nn.SiLU, nn.Hardswish, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SELU, nn.CELU, nn.Mish,
)  # fmt: skip
_LOSS = ("grad_norm", "snip", "plain", "fisher", "layers")
_INPUT = ("jacov", "epe_nas")
_TINY = 1e-5  # added before logarithms, as in the papers
_STEPS = 16  # points on a line between two examples


def attempt(figure: Callable[[], float]) -> Outcome:
    """The figure as a float, or the ScoreFailed that it raises."""
    try:
        return float(figure())
    except ScoreFailed as failure:
        return failure


def shared(subject: Subject, wanted: Collection[str]) -> dict[str, Outcome]:
    """Figures of activation patterns (one forward pass), and of weight and input gradients (two backward passes).

    Args:
        subject: the network.
        wanted: names of figures to measure.
    """
    results: dict[str, Outcome] = {}
    inputs, leaf = subject.inputs, None
    if set(wanted) & set(_INPUT):
        try:
            inputs, leaf = subject.leaf()
        except ScoreFailed as failure:
            results |= dict.fromkeys(_INPUT, failure)
    kernel, patterns = _Kernel(), _Patterns()
    observers = [observer for name, observer in (("naswot", kernel), ("swap", patterns)) if name in wanted]
    outputs: list[tuple[nn.Module, Tensor]] = []

    def see(values: Tensor) -> None:
        code = subject.chosen(values).flatten(1) > 0  # [B, activations]
        for observer in observers:
            observer.add(code)

    differentiate = leaf is not None or bool(set(wanted) & set(_LOSS))
    with torch.set_grad_enabled(differentiate), switched(subject.network, SWITCHES if observers else (), see):
        keep = LAYERS if "fisher" in wanted else ()
        with watched(subject.network, keep, lambda module, _input, output: outputs.append((module, output))):
            logits = subject.forward(inputs)
    results |= {"naswot": attempt(kernel.log_det), "swap": attempt(patterns.count)}
    if set(wanted) & set(_LOSS):
        results |= _by_loss(subject, logits, outputs)
    if leaf is not None:
        rows = _input_gradients(subject, logits, leaf)
        labels = subject.labels[subject.rows.to(subject.labels.device)]
        results["jacov"] = attempt(lambda: jacobian_spread(rows))
        results["epe_nas"] = attempt(lambda: class_spread(rows, labels))
    return results


class _Kernel:
    """The kernel of NASWOT: for each pair of examples, the number of activations in all layers at which they agree."""

    def __init__(self) -> None:
        self._sum: Tensor | None = None  # [B, B]

    def add(self, code: Tensor) -> None:
        signs = code.float() * 2 - 1  # [B, activations]
        agree = ((signs @ signs.T).double() + code.shape[1]) / 2  # [B, B]
        self._sum = agree if self._sum is None else self._sum + agree

    def log_det(self) -> float:
        if self._sum is None:
            raise ScoreFailed("the network has no activation layer to look at")
        sign, value = torch.linalg.slogdet(self._sum.cpu())
        if sign.item() <= 0:
            raise ScoreFailed("the kernel is singular: two examples switch every activation alike")
        return float(value)


class _Patterns:
    """SWAP: the set of distinct on-off patterns over the batch that single activations have."""

    def __init__(self) -> None:
        self._seen: list[np.ndarray] = []

    def add(self, code: Tensor) -> None:
        bits = code[:52].double()  # a double holds 52 bits exactly
        powers = 2.0 ** torch.arange(len(bits), dtype=torch.float64, device=bits.device)  # [B]
        self._seen.append(np.unique((powers @ bits).cpu().numpy()))

    def count(self) -> float:
        if not self._seen:
            raise ScoreFailed("the network has no activation layer to look at")
        return float(len(np.unique(np.concatenate(self._seen))))


def _by_loss(subject: Subject, logits: Tensor, outputs: list[tuple[nn.Module, Tensor]]) -> dict[str, Outcome]:
    """Figures of the gradient of the task's loss."""
    weights = subject.weights
    sought = [*weights, *(output for _, output in outputs)]
    grads = torch.autograd.grad(subject.loss(logits), sought, retain_graph=True, allow_unused=True)
    pairs = [(w.detach(), g) for w, g in zip(weights, grads, strict=False) if g is not None]
    if not pairs:
        raise ScoreFailed("no weight takes part in the output")
    saliency = torch.zeros((), device=logits.device)
    for (module, output), g in zip(outputs, grads[len(weights) :], strict=True):
        if g is not None:
            saliency = saliency + _channel_saliency(module, output.detach() * g)
    return {
        "grad_norm": float(sum(g.norm() for _, g in pairs)),
        "snip": float(sum((w * g).abs().sum() for w, g in pairs)),
        "plain": float(sum((w * g).sum() for w, g in pairs)),
        "fisher": float(saliency),
        "layers": layer_rows(pairs),
    }


def _channel_saliency(module: nn.Module, product: Tensor) -> Tensor:
    """Fisher saliency: half the mean over examples of (sum of activation x gradient)^2 per channel, summed.

    Each channel is weighted by its number of weights.
    """
    channel = product.ndim - 1 if isinstance(module, nn.Linear) else 1
    rest = [axis for axis in range(1, product.ndim) if axis != channel]
    per_channel = product.sum(rest) if rest else product  # [B, C]
    weights = sum(p.numel() for p in weights_of(module)) / per_channel.shape[1]
    return per_channel.square().mean(0).sum() / 2 * weights


def layer_rows(pairs: list[tuple[Tensor, Tensor]]) -> tuple[tuple[float, ...], ...]:
    """One row per weight tensor: logarithms of size, mean |w|, mean |g|, mean |w g|, std of |g|; and mean sign(w g).

    Args:
        pairs: weights w and their gradients g.
    """

    def log(value: Tensor) -> float:
        return math.log(max(float(value), 1e-20))

    return tuple(
        (
            math.log(w.numel()), log(w.abs().mean()), log(g.abs().mean()), log((w * g).abs().mean()),
            log(g.abs().std(unbiased=False)), float((w * g).sign().mean()),
        )
        for w, g in pairs
    )  # fmt: skip


def _input_gradients(subject: Subject, logits: Tensor, leaf: Tensor) -> Tensor:
    total = subject.chosen(logits).sum()
    (grad,) = torch.autograd.grad(total, leaf)
    return subject.chosen(grad).flatten(1).double().cpu()  # [B, numbers of an example]


def _correlations(rows: Tensor) -> Tensor:
    centred = rows - rows.mean(1, keepdim=True)
    norms = centred.norm(dim=1, keepdim=True)
    if bool((norms == 0).any()):
        raise ScoreFailed("the output does not depend on an example: its gradient is 0")
    unit: Tensor = centred / norms
    return unit @ unit.T  # [B, B]


def jacobian_spread(rows: Tensor) -> float:
    """Jacobian covariance: minus the sum of log(v + k) + 1 / (v + k) over the eigenvalues v of the correlation matrix.

    Args:
        rows: [B, F] gradient of the summed outputs by each input.

    Raises:
        ScoreFailed: the output does not depend on an example.
    """
    values = torch.linalg.eigvalsh(_correlations(rows)).clamp_min(0) + _TINY
    return -float((values.log() + 1 / values).sum())


def class_spread(rows: Tensor, labels: Tensor) -> float:
    """EPE-NAS: the sum over classes of |sum of log(|c| + k)| over correlations c of input gradients within the class.

    Args:
        rows: [B, F] gradient of the summed outputs by each input.
        labels: [B].

    Raises:
        ScoreFailed: labels are not single classes, or no class has two examples.
    """
    if labels.ndim != 1 or labels.is_floating_point():
        raise ScoreFailed("examples have no single class")
    classes = set(labels.tolist())
    if len(classes) == len(labels):
        raise ScoreFailed("no class has two examples in the batch")
    close = [_correlations(rows[(labels == label).cpu()]).abs() + _TINY for label in sorted(classes)]
    return float(sum(correlations.log().sum().abs() for correlations in close))


def weight_norms(subject: Subject) -> float:
    """The sum of the L2 norms of the weight tensors."""
    return float(sum(w.detach().norm() for w in subject.weights))


def synflow(subject: Subject) -> float:
    """The logarithm of the synaptic flow of an input of ones, with absolute weights and without norms, in 64 bits."""
    network = deepcopy(subject.network).cpu().eval().double()  # some accelerators lack float64
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    for module in network.modules():
        if isinstance(module, NORMS):
            module.register_forward_hook(lambda _module, args, _output: args[0])
        elif isinstance(module, nn.Embedding):
            module.register_forward_pre_hook(lambda _module, args: args[0].long())
            module.register_forward_hook(lambda _module, _args, output: torch.ones_like(output))
    inputs = blank(subject.task, 1)
    if isinstance(inputs, Tensor):
        inputs = torch.ones_like(inputs, dtype=torch.float64)
    else:
        inputs = copy(inputs)
        inputs.x = torch.ones_like(inputs.x, dtype=torch.float64)
    with torch.enable_grad(), subject.random("synflow"):
        total = network(inputs).sum()
    return _log_flow(total, weights_of(network))


def _log_flow(total: Tensor, parameters: list[nn.Parameter]) -> float:
    if not math.isfinite(total.item()):
        raise ScoreFailed(f"the summed output is {total.item():g}, too large for 64 bits")
    if total.item() <= 0:
        raise ScoreFailed(f"the summed output is {total.item():g}: no signal flows to the output")
    grads = torch.autograd.grad(total.log(), parameters, allow_unused=True)
    share = sum(float((w.detach() * g).sum()) for w, g in zip(parameters, grads, strict=True) if g is not None)
    if share <= 0:
        raise ScoreFailed("no weight takes part in the output")
    return math.log(total.item()) + math.log(share)


def borders(subject: Subject) -> float:
    """log(1 + number of borders of linear regions that a straight line between two examples crosses).

    The number is the mean over two lines.

    Raises:
        ScoreFailed: inputs are graphs or texts, there are fewer than four examples, or no activation switches.
    """
    if subject.is_graph or not subject.inputs.is_floating_point():
        raise ScoreFailed("there is no straight line between two graphs or texts")
    if len(subject.inputs) < 4:
        raise ScoreFailed("two lines between examples need a batch of at least four")
    start, end = subject.inputs[:2, None], subject.inputs[2:4, None]  # [2, 1, *shape]
    share = torch.linspace(0, 1, _STEPS, device=start.device).view(1, -1, *[1] * (start.ndim - 2))
    crossed: list[int] = []

    def see(values: Tensor) -> None:
        code = values.reshape(2, _STEPS, -1) > 0  # [lines, points, activations]
        crossed.append(int((code[:, 1:] != code[:, :-1]).sum()))

    network = subject.settled()
    with torch.no_grad(), switched(network, SWITCHES, see):
        network((start + (end - start) * share).flatten(0, 1))
    if sum(crossed) == 0:
        raise ScoreFailed("no activation switches between the examples")
    return math.log(1 + sum(crossed) / 2)

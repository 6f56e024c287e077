"""What one forward pass and two backward passes over a batch show, and what weights show without data."""

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
_TINY = 1e-5  # the papers' guard against the logarithm of 0
_STEPS = 16  # points on a line


def attempt(figure: Callable[[], float]) -> Outcome:
    """The figure as a float, or why there is none."""
    try:
        return float(figure())
    except ScoreFailed as failure:
        return failure


def shared(subject: Subject, wanted: Collection[str]) -> dict[str, Outcome]:
    """Activation patterns from one forward pass, weight gradients and input gradients from its two backward passes."""
    found: dict[str, Outcome] = {}
    inputs, leaf = subject.inputs, None
    if set(wanted) & set(_INPUT):
        try:
            inputs, leaf = subject.leaf()
        except ScoreFailed as failure:
            found |= dict.fromkeys(_INPUT, failure)
    kernel, patterns = _Kernel(), _Patterns()
    seers = [seer for name, seer in (("naswot", kernel), ("swap", patterns)) if name in wanted]
    outputs: list[tuple[nn.Module, Tensor]] = []

    def see(values: Tensor) -> None:
        code = subject.chosen(values).flatten(1) > 0  # [B, activations]
        for seer in seers:
            seer.add(code)

    differentiate = leaf is not None or bool(set(wanted) & set(_LOSS))
    with torch.set_grad_enabled(differentiate), switched(subject.network, SWITCHES if seers else (), see):
        keep = LAYERS if "fisher" in wanted else ()
        with watched(subject.network, keep, lambda module, _input, output: outputs.append((module, output))):
            logits = subject.forward(inputs)
    found |= {"naswot": attempt(kernel.log_det), "swap": attempt(patterns.count)}
    if set(wanted) & set(_LOSS):
        found |= _by_loss(subject, logits, outputs)
    if leaf is not None:
        rows = _input_gradients(subject, logits, leaf)
        labels = subject.labels[subject.rows.to(subject.labels.device)]
        found["jacov"] = attempt(lambda: jacobian_spread(rows))
        found["epe_nas"] = attempt(lambda: class_spread(rows, labels))
    return found


class _Kernel:
    """The sum over layers of the number of activations at which two examples agree."""

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
    """The different on-off patterns over the batch that single activations show."""

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
    """What the gradient of the task's loss shows."""
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
    """Half the mean over examples of the squared sum of activation x gradient of each channel, summed over weights.

    Each channel counts as often as it has weights.
    """
    channel = product.ndim - 1 if isinstance(module, nn.Linear) else 1
    rest = [axis for axis in range(1, product.ndim) if axis != channel]
    per_channel = product.sum(rest) if rest else product  # [B, C]
    weights = sum(p.numel() for p in weights_of(module)) / per_channel.shape[1]
    return per_channel.square().mean(0).sum() / 2 * weights


def layer_rows(pairs: list[tuple[Tensor, Tensor]]) -> tuple[tuple[float, ...], ...]:
    """Of each weight tensor, logarithms of: size, mean |w|, mean |g|, mean |w g|, spread of |g|; and the mean sign."""

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
    """Minus the sum of log(v + k) + 1 / (v + k) over the eigenvalues v of the correlations of input gradients."""
    values = torch.linalg.eigvalsh(_correlations(rows)).clamp_min(0) + _TINY
    return -float((values.log() + 1 / values).sum())


def class_spread(rows: Tensor, labels: Tensor) -> float:
    """The sum over classes of |sum of log(|c| + k)| over the correlations c of input gradients within the class."""
    if labels.ndim != 1 or labels.is_floating_point():
        raise ScoreFailed("examples have no single class")
    classes = set(labels.tolist())
    if len(classes) == len(labels):
        raise ScoreFailed("no class has two examples in the batch")
    close = [_correlations(rows[(labels == label).cpu()]).abs() + _TINY for label in sorted(classes)]
    return float(sum(correlations.log().sum().abs() for correlations in close))


def weight_norms(subject: Subject) -> float:
    """The sum of the norms of the weight tensors."""
    return float(sum(w.detach().norm() for w in subject.weights))


def synflow(subject: Subject) -> float:
    """The logarithm of the synaptic flow of one example of ones, in 64 bits."""
    network = deepcopy(subject.network).cpu().eval().double()  # some accelerators have no 64 bits
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
    """The log of how many borders of linear regions a straight line between two examples crosses; the mean of two."""
    if subject.is_graph or not subject.inputs.is_floating_point():
        raise ScoreFailed("there is no straight line between two graphs or texts")
    if len(subject.inputs) < 4:
        raise ScoreFailed("two lines need four examples")
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

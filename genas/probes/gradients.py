"""Probes of gradients of single examples, of curvature and of noise."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from genas.core.errors import ScoreFailed
from genas.probes.subject import Outcome, Subject, watched

_EXAMPLES = 16  # maximum number of single examples


def samples(subject: Subject, wanted: Collection[str]) -> dict[str, Outcome]:
    """Figures of the gradients of single examples, with the norm statistics of the batch.

    GradSign: agreement of signs; ZiCo: mean relative to spread; NTK: condition number of the tangent kernel.

    Args:
        subject: the network.
        wanted: names of figures to measure.
    """
    weights = subject.weights
    moments = _Moments(weights)
    kernel_rows: list[Tensor] = []
    for logits, label in _single(subject):
        if {"gradsign", "zico"} & set(wanted):
            loss = subject.task.loss(logits, label)
            moments.add(torch.autograd.grad(loss, weights, retain_graph=True, allow_unused=True))
        if "ntk" in wanted:
            grads = torch.autograd.grad(logits.sum(), weights, retain_graph=True, allow_unused=True)
            kernel_rows.append(torch.cat([g.flatten() for g in grads if g is not None]))
    results: dict[str, Outcome] = {"gradsign": moments.agreement(), "zico": moments.evenness()}
    if kernel_rows:
        results["ntk"] = _condition(torch.stack(kernel_rows))
    return results


def _single(subject: Subject) -> Iterator[tuple[Tensor, Tensor]]:
    """Logits [1 or tokens, outputs] and labels of one example after the other, with the graph for gradients."""
    network = subject.settled()
    rows = subject.rows[:_EXAMPLES].tolist()
    with torch.enable_grad():
        if subject.is_graph:
            logits = network(subject.inputs)
            yield from ((logits[row : row + 1], subject.labels[row : row + 1]) for row in rows)
            return
        for row in rows:
            logits, labels = network(subject.inputs[row : row + 1]), subject.labels[row : row + 1]
            tokens = logits.ndim == 3 and labels.ndim == 2
            yield (logits.flatten(0, 1), labels.flatten()) if tokens else (logits, labels)


class _Moments:
    """For each weight, sums over examples of the sign, the absolute value and the square of its gradient."""

    def __init__(self, weights: list[nn.Parameter]) -> None:
        self._signs, self._sizes, self._squares = ([torch.zeros_like(w) for w in weights] for _ in range(3))
        self._count = 0

    def add(self, grads: tuple[Tensor | None, ...]) -> None:
        self._count += 1
        for i, grad in enumerate(grads):
            if grad is not None:
                self._signs[i] += grad.sign()
                self._sizes[i] += grad.abs()
                self._squares[i] += grad.square()

    def agreement(self) -> float:
        return float(sum(signs.abs().sum() for signs in self._signs))

    def evenness(self) -> float:
        total = 0.0
        for sizes, squares in zip(self._sizes, self._squares, strict=True):
            mean = sizes / max(self._count, 1)
            spread = (squares / max(self._count, 1) - mean.square()).clamp_min(0).sqrt()
            alive = spread > 1e-6 * mean  # leave out weights with the same gradient for all examples
            ratio = float((mean[alive] / spread[alive]).sum())
            total += math.log(ratio) if ratio > 0 else 0.0
        return total


def _condition(rows: Tensor) -> Outcome:
    kernel = torch.zeros(len(rows), len(rows), dtype=torch.float64, device=rows.device)
    for part in torch.split(rows, 1 << 18, dim=1):  # in float64, a part at a time
        kernel += part.double() @ part.double().T
    values = torch.linalg.eigvalsh(kernel)
    if values[0] <= 0:
        return ScoreFailed("the tangent kernel is singular: two examples have the same gradient")
    return float(values[-1] / values[0])


def curvature(subject: Subject) -> float:
    """GraSP: minus the sum of w x (H g), with weights w, their gradient g and the Hessian H.

    Raises:
        ScoreFailed: no weight takes part in the output.
    """
    weights = subject.weights
    with torch.enable_grad():
        loss = subject.loss(subject.forward())
        grads = torch.autograd.grad(loss, weights, create_graph=True, allow_unused=True)
        product = sum((g.detach() * g).sum() for g in grads if g is not None)
        if not isinstance(product, Tensor):
            raise ScoreFailed("no weight takes part in the output")
        bent = torch.autograd.grad(product, weights, allow_unused=True)
    pairs = [(w.detach(), h) for w, h in zip(weights, bent, strict=True) if h is not None]
    return -float(sum((w * h).sum() for w, h in pairs))


def zen(subject: Subject) -> float:
    """Zen-score: log of the expected change of the last feature map under small Gaussian noise, with the norms undone.

    Raises:
        ScoreFailed: the network has no features before its last layer, or they do not depend on the inputs.
    """
    network = subject.redrawn("zen", lambda w: w.normal_()).train()
    first, second = subject.noise("zen inputs"), subject.noise("zen change")
    maps: list[Tensor] = []
    flat: list[Tensor] = []

    def see(module: nn.Module, values: Tensor, output: Tensor) -> None:
        if output.ndim > 2 and output[0, 0].numel() > 1:
            maps.append(output)
        if isinstance(module, nn.Linear):
            flat.append(values)

    features = []
    leaves = tuple({type(m) for m in network.modules() if not list(m.children())})
    for values in (first, first + 0.01 * second):
        maps.clear()
        flat.clear()
        with torch.no_grad(), subject.random("zen pass"), watched(network, leaves, see):
            network(subject.like(values))
        if not maps and not flat:
            raise ScoreFailed("the network has no features before its last layer")
        features.append((maps or flat)[-1].clone())
    change = (features[0] - features[1]).abs().flatten(1).sum(1).mean()
    norms = [m.running_var for m in network.modules() if isinstance(m, _BatchNorm) and m.running_var is not None]
    undone = sum(float(var.mean().clamp_min(1e-30).log()) / 2 for var in norms)
    if change <= 0:
        raise ScoreFailed("the features do not change with the inputs")
    return float(change.log()) + undone

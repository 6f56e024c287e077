"""What gradients of single examples, curvature and noise show."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from genas.core.errors import ScoreFailed
from genas.probes.subject import Outcome, Subject, watched

_EXAMPLES = 16  # single examples at most


def samples(subject: Subject, wanted: Collection[str]) -> dict[str, Outcome]:
    """Agreement, evenness and kernel of the gradients of single examples, at the batch's norm statistics."""
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
    found: dict[str, Outcome] = {"gradsign": moments.agreement(), "zico": moments.evenness()}
    if kernel_rows:
        found["ntk"] = _condition(torch.stack(kernel_rows))
    return found


def _single(subject: Subject) -> Iterator[tuple[Tensor, Tensor]]:
    """Logits [1 or tokens, outputs] and labels of one example after the other, with their graph."""
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
    """Sums over examples of each weight's gradient: its sign, size and square."""

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
            alive = spread > 1e-6 * mean  # weights whose gradient is the same for all examples are left out
            ratio = float((mean[alive] / spread[alive]).sum())
            total += math.log(ratio) if ratio > 0 else 0.0
        return total


def _condition(rows: Tensor) -> Outcome:
    kernel = torch.zeros(len(rows), len(rows), dtype=torch.float64, device=rows.device)
    for part in torch.split(rows, 1 << 18, dim=1):  # in 64 bits, but not all at once
        kernel += part.double() @ part.double().T
    values = torch.linalg.eigvalsh(kernel)
    if values[0] <= 0:
        return ScoreFailed("the tangent kernel is singular: two examples have the same gradient")
    return float(values[-1] / values[0])


def curvature(subject: Subject) -> float:
    """How the gradient's flow changes when weights are removed: a product with the Hessian."""
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
    """The expected change of the last feature map under a small change of Gaussian inputs, with the norms undone."""
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

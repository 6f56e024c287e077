"""The default of every task: loss and metric of a classification."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from genas.core.task_records import Evaluation

if TYPE_CHECKING:
    from torch import Tensor

_SHARPNESS = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)  # inverse temperatures


def loss(outputs: Tensor, targets: Tensor, smoothing: float) -> Tensor:
    """The mean cross entropy.

    Args:
        outputs: logits [B, classes], or of each token [B, tokens, classes].
        targets: classes [B], or [B, tokens]; -100 where there is none.
        smoothing: of the labels, in [0, 1).
    """
    from torch.nn.functional import cross_entropy

    if outputs.ndim == 3 and targets.ndim == 2:
        outputs, targets = outputs.flatten(0, 1), targets.flatten()
    return cross_entropy(outputs, targets, label_smoothing=smoothing)


def evaluate(outputs: Tensor, targets: Tensor) -> Evaluation:
    """The accuracy, and the mean cross entropy at the best of some temperatures.

    So recipes that make networks less sure, such as mixup, are not held against them (Guo et al., ICML 2017).

    Args:
        outputs: logits [n, classes].
        targets: classes [n].
    """
    from torch.nn.functional import cross_entropy

    right = int((outputs.argmax(1) == targets).sum())
    losses = [float(cross_entropy(outputs * sharp, targets)) for sharp in _SHARPNESS]
    least = min((x for x in losses if math.isfinite(x)), default=math.inf)
    return Evaluation({"accuracy": right / len(targets)}, least)

"""A baseline: a frozen EfficientNet-Lite0 and logistic regression on its pooled feature maps.

The maps after a few blocks are pooled (mean, maximum and 2x2 means). The validation split chooses the block and the
regularisation. It takes seconds, and is the first thing to try where ImageNet features may help. `eval/whole_budget.py`
runs it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.nn import functional as F

from genas.core.interfaces import Task
from genas.networks.conv_net import LITE_BLOCKS, LiteStem
from genas.training import pretrained

PIXELS = 96  # side of the images that the frozen network sees
CUTS = (4, 6, 9, 12, 16)  # blocks after which its maps are pooled; validation chooses among those within the limit
_LARGE = (9, 12, 16)  # the choice where there is no limit
STRENGTHS = (0.0003, 0.003, 0.03, 0.3)  # C of the logistic regression; validation chooses


def train(task: Task, seconds: float, seed: int, *, max_params: int | None) -> dict[str, float]:
    """Fit, test, and say what it took; `max_params` counts the stem and the regression's own weights.

    Where the budget is too short for all images, the network sees random ones until 70 % of it are used; fits go on
    until it ends. The pass of the test images is not charged, as with `by_hand`.
    """
    start = time.process_time()
    stem = LiteStem(16, task.input_shape[0]).eval()
    stem.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    pretrained.load(stem)
    params = {}  # of the stem and the regression, by cut
    for cut in CUTS:
        weights = sum(p.numel() for p in [*stem.first.parameters(), *stem.body[:cut].parameters()])
        params[cut] = weights + task.outputs * (6 * LITE_BLOCKS[cut - 1][3] + 1)  # six figures of each map
    cuts = list(_LARGE) if max_params is None else [cut for cut in CUTS if params[cut] <= max_params]
    stem.body = nn.Sequential(*list(stem.body)[: cuts[-1]])  # the rest is not needed
    train, val, test = (task.data(split) for split in ("train", "val", "test"))
    order = [torch.randperm(len(d.labels), generator=torch.Generator().manual_seed(seed)) for d in (train, val)]
    judged = _pooled(stem, task, cuts, val.inputs[order[1]], start + 0.2 * seconds)
    learned = _pooled(stem, task, cuts, train.inputs[order[0]], start + 0.7 * seconds)
    y_train = train.labels[order[0]][: len(learned[cuts[0]])].numpy()
    y_val = val.labels[order[1]][: len(judged[cuts[0]])].numpy()
    best: tuple[float, int, float, Any] | None = None
    for strength, cut in ((strength, cut) for strength in STRENGTHS[1:] + STRENGTHS[:1] for cut in cuts[::-1]):
        if best is not None and time.process_time() - start > seconds:
            break
        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=200))
        model.fit(learned[cut], y_train)
        value = float(model.score(judged[cut], y_val))
        if best is None or value > best[0]:
            best = value, cut, strength, model
    assert best is not None
    value, cut, strength, model = best
    used = time.process_time() - start
    features = _pooled(stem, task, [cut], test.inputs, float("inf"))[cut]
    return {
        "test": float(model.score(features, test.labels.numpy())),
        "val": value,
        "params": params[cut],
        "cut": cut,
        "C": strength,
        "examples": len(y_train),
        "training_seconds": used,
        "seconds": time.process_time() - start,
    }


def _pooled(stem: nn.Module, task: Task, cuts: list[int], inputs: Tensor, until: float) -> dict[int, Any]:
    """Per cut, mean, maximum and 2x2 means of the maps [n, 6 C]; only of the images reached by `until`."""
    rows: dict[int, list[Tensor]] = {cut: [] for cut in cuts}

    def keep(cut: int) -> Callable[..., None]:
        def hook(_module: object, _inputs: object, maps: Tensor) -> None:
            parts = [maps.mean((2, 3)), maps.amax((2, 3)), F.adaptive_avg_pool2d(maps, 2).flatten(1)]
            rows[cut].append(torch.cat(parts, 1))

        return hook

    hooks = [stem.body[cut - 1].register_forward_hook(keep(cut)) for cut in cuts]  # type: ignore[index, union-attr]
    with torch.inference_mode():
        for part in torch.split(inputs, 16):  # larger batches leave the processor's cache
            images = F.interpolate(task.prepare(part), size=PIXELS, mode="bilinear", align_corners=False)
            stem(images.contiguous(memory_format=torch.channels_last))
            if time.process_time() > until:
                break
    for hook in hooks:
        hook.remove()
    return {cut: torch.cat(parts).numpy() for cut, parts in rows.items()}

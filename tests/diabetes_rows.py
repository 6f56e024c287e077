"""A task of an outside package, in one file: how far the diabetes of 442 patients goes within a year, as a number."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import torch
from sklearn.datasets import load_diabetes
from torch import Tensor
from torch.nn.functional import mse_loss

from genas.core.interfaces import Data, Split, Task
from genas.core.metrics import Metric
from genas.core.task_records import Evaluation, Preparation, Scaling
from genas.networks.preparation import standardised
from genas.reading.features import Column
from genas.reading.row_reader import RowReader


class Diabetes(Task):
    """Predict the progression of a disease from ten measurements, judged by the root mean squared error.

    Source: Efron et al., "Least Angle Regression" (2004), as packaged by scikit-learn. The split is ours.
    """

    modality: ClassVar[str] = "tabular"
    metric: ClassVar[Metric] = Metric("rmse", goal="min", role="quality", label="RMSE")
    metrics: ClassVar[tuple[Metric, ...]] = (Metric("mae", goal="min", role="quality"),)
    answer: ClassVar = "number"
    targets = ("progression",)
    follows: ClassVar[tuple[str, ...]] = ()
    description = "Predict how far a disease goes within a year from ten measurements of a patient."
    input_shape = (10,)
    outputs = 1

    def loss(self, outputs: Tensor, targets: Tensor, *, smoothing: float = 0.0) -> Tensor:
        """The mean squared error in standard deviations of the training targets."""
        mean, std = self._centre
        return mse_loss(outputs[:, 0], (targets - mean) / std)

    def evaluate(self, outputs: Tensor, targets: Tensor) -> Evaluation:
        """Both errors in the units of the disease's scale."""
        mean, std = self._centre
        off = outputs[:, 0] * std + mean - targets
        rmse, mae = float(off.square().mean().sqrt()), float(off.abs().mean())
        return Evaluation({"rmse": rmse, "mae": mae}, (rmse / std) ** 2)

    def data(self, split: Split) -> Data:
        """Measurements [n, 10] and progressions [n]."""
        return self._splits[split]

    @property
    def preparation(self) -> Preparation:
        """Both sides standardised by the training patients."""
        inputs, (mean, std) = self._splits["train"].inputs, self._centre
        measured = Scaling(tuple(inputs.mean(0).tolist()), tuple(inputs.std(0).tolist()))
        return Preparation("each column less its mean over its deviation", measured, Scaling((mean,), (std,)))

    def prepare(self, inputs: Tensor) -> Tensor:
        """Standardised measurements."""
        scaling = self._inputs
        return standardised(inputs, scaling.scale, scaling.mean, scaling.std)

    def reader(self) -> RowReader:
        """Reads tables with the ten columns."""
        names = load_diabetes().feature_names
        return RowReader(tuple(Column(name, mean=m) for name, m in zip(names, self._inputs.mean, strict=True)))

    @cached_property
    def _splits(self) -> dict[str, Data]:
        inputs, numbers = (torch.from_numpy(part) for part in load_diabetes(return_X_y=True, scaled=False))
        order = torch.randperm(len(numbers), generator=torch.Generator().manual_seed(0))
        parts = dict(zip(("train", "val", "test"), torch.tensor_split(order, (300, 360)), strict=True))
        return {name: Data(inputs[rows], numbers[rows].float()) for name, rows in parts.items()}

    @cached_property
    def _inputs(self) -> Scaling:
        scaling = self.preparation.inputs
        assert scaling is not None
        return scaling

    @cached_property
    def _centre(self) -> tuple[float, float]:
        numbers = self._splits["train"].labels
        return float(numbers.mean()), float(numbers.std())

"""The published results of NAS-Bench-101: 423,624 cells on CIFAR-10 by look-up, no training."""

from __future__ import annotations

from functools import cached_property
from hashlib import md5
from typing import TYPE_CHECKING, NamedTuple

from genas.core import assets
from genas.core.errors import RequestError, ScoreFailed
from genas.core.records import Architecture, Measurement
from genas.tasks._cifar import CIFAR10, CifarTable

if TYPE_CHECKING:
    import numpy as np

_CODES = {"input": -1, "conv3x3": 0, "conv1x1": 1, "maxpool3x3": 2, "output": -2}
_FULL, _SHORTER = 108, (4, 12, 36)  # epochs
# Seconds of 108 epochs, fitted on the 20,001 measured ones (R2 0.87): constant, per million parameters, per 3x3
# convolution, 1x1 convolution, pooling, edge.
_SECONDS = (455.1, 107.18, -191.58, -124.46, 12.70, 120.13)


class _Table(NamedTuple):
    hashes: np.ndarray  # [cells], sorted
    params: np.ndarray
    test: np.ndarray  # in percent
    short: dict[int, np.ndarray]  # validation accuracy in percent by epochs, of the first rows only
    seconds: np.ndarray  # of the first rows only


class NasBench101Task(CifarTable):
    """Classification of CIFAR-10 whose answers for all 423,624 cells are published: nothing is trained.

    Source: Ying et al., "NAS-Bench-101" (ICML 2019). What genas has of it is the *test* accuracy of every cell after
    108 epochs (mean of three trainings), and the validation accuracy (one training) of 20,001 cells only. So:

    - `answers="all"`: `accuracy` is the mean test accuracy, for want of a validation accuracy; `test_accuracy` is the
      same number. A search then chooses by what it is judged by: say so beside its figures.
    - `answers="validated"`: `accuracy` is the validation accuracy, also after 4, 12 and 36 of 108 epochs (fidelity
      0.037, 0.111, 0.333), of the 20,001 cells; other cells fail. Those have the smallest hashes: a uniform sample.

    Cost: `accuracy` is charged with the seconds of its training: measured for the 20,001 cells, estimated from
    parameters and operations for the others (typically 12 % off).

    Args:
        answers: "all" or "validated".

    Raises:
        RequestError: where `answers` is neither.
    """

    name = "nasbench101"
    input_shape = (3, 32, 32)
    outputs = 10
    classes = CIFAR10

    def __init__(self, *, answers: str = "all") -> None:
        if answers not in ("all", "validated"):
            raise RequestError(f"nasbench101: answers must be all or validated, not {answers!r}.")
        self.answers = answers
        if answers == "all":
            self.caution = (
                "Accuracies of nasbench101 are TEST accuracies, for want of validation accuracies: the search chose by "
                "what it is judged by. Use nasbench101:answers=validated for 20,001 cells with validation accuracies."
            )
        measure = "mean test accuracies, for want of validation accuracies," if answers == "all" else "accuracies"
        cells = "all" if answers == "all" else "20,001"
        self.description = f"Published {measure} of {cells} NAS-Bench-101 cells on CIFAR-10: 32x32 colour photographs."

    def lookup(self, arch: Architecture, metric: str, *, fidelity: float = 1.0) -> Measurement:
        """What the table says of a cell, under whichever order of its vertices.

        `accuracy` as the option `answers` says, `test_accuracy` the mean test accuracy (charged with nothing), `params`
        a count. `params` is that of the spelling the authors trained, which another spelling may miss by up to 1 %.

        Raises:
            ScoreFailed: where the cell, the metric or the fidelity is not in the table.
            MissingArtifact: where GENAS_DATA lacks the tables.
        """
        row = self._row(arch)
        if metric == "accuracy":
            return self._accuracy(arch, row, fidelity)
        if metric == "test_accuracy":
            return Measurement(metric, float(self._table.test[row]) / 100, 0.0, fidelity)
        if metric == "params":
            return Measurement(metric, float(self._table.params[row]), 0.0, fidelity)
        raise ScoreFailed(f"nasbench101 has no table of {metric}; it has accuracy, test_accuracy, params")

    def _accuracy(self, arch: Architecture, row: int, fidelity: float) -> Measurement:
        epochs = round(fidelity * _FULL)
        if self.answers == "all":
            if epochs != _FULL:
                raise ScoreFailed(
                    f"nasbench101 is tabulated at fidelity 1 only, unless answers=validated, not {fidelity:g}"
                )
            return Measurement("accuracy", float(self._table.test[row]) / 100, self._seconds(arch, row), fidelity)
        if epochs not in (*_SHORTER, _FULL):
            shares = ", ".join(f"{e / _FULL:.3f}" for e in _SHORTER)
            raise ScoreFailed(f"nasbench101 is tabulated at fidelity {shares} and 1, not at {fidelity:g}")
        if row >= len(self._table.seconds):
            raise ScoreFailed("this cell is not among the 20,001 with a validation accuracy")
        seconds = self._seconds(arch, row) * epochs / _FULL
        return Measurement("accuracy", float(self._table.short[epochs][row]) / 100, seconds, fidelity)

    def _seconds(self, arch: Architecture, row: int) -> float:
        if row < len(self._table.seconds):
            return float(self._table.seconds[row])
        counts = (arch.ops.count(op) for op in ("conv3x3", "conv1x1", "maxpool3x3"))
        known = (1.0, float(self._table.params[row]) / 1e6, *counts, len(arch.edges))
        return max(280.0, sum(weight * value for weight, value in zip(_SECONDS, known, strict=True)))

    def _row(self, arch: Architecture) -> int:
        import numpy as np

        codes = [_CODES.get(op) for op in arch.ops]
        if arch.space != "nasbench101" or None in codes:
            raise ScoreFailed("the table holds NAS-Bench-101 cells only")
        digest = _digest([code for code in codes if code is not None], arch.edges)
        sought = np.frombuffer(digest, dtype=">u8")
        hashes = self._table.hashes
        row = int(np.searchsorted(hashes["high"], sought[0]))
        while row < len(hashes) and hashes["high"][row] == sought[0]:
            if hashes["low"][row] == sought[1]:
                return row
            row += 1
        raise ScoreFailed("the table lacks this cell: at most 7 vertices and 9 edges, none off the paths to the output")

    @cached_property
    def _table(self) -> _Table:
        """The columns; rows are sorted by hash, so that a cell is found by bisection."""
        import numpy as np
        import pyarrow.parquet as pq

        names = ["hash", "trainable_params", "test_acc_108"]
        read = pq.read_table(assets.data("nasbench101/nb101.parquet"), columns=names)
        some = pq.read_table(assets.data("nasbench101/nb101_val_subset.parquet"))
        packed = b"".join(read.column("hash").to_pylist())
        hashes = np.frombuffer(packed, dtype=[("high", ">u8"), ("low", ">u8")])
        return _Table(
            hashes=np.array(hashes, dtype=[("high", np.uint64), ("low", np.uint64)]),
            params=np.asarray(read.column("trainable_params")),
            test=np.asarray(read.column("test_acc_108")),
            short={e: np.asarray(some.column(f"val_acc_{e}")) for e in (*_SHORTER, _FULL)},
            seconds=np.asarray(some.column("train_seconds_108")),
        )


def _digest(codes: list[int], edges: tuple[tuple[int, int], ...]) -> bytes:
    """The benchmark's own fingerprint of a cell: neighbours' marks are hashed into each mark, as often as vertices."""
    count = range(len(codes))
    before = [[i for i, j in edges if j == v] for v in count]
    after = [[j for i, j in edges if i == v] for v in count]
    marks = [_hex(str((len(after[v]), len(before[v]), codes[v]))) for v in count]
    for _ in count:
        joined = (("".join(sorted(marks[w] for w in side[v])) for side in (before, after)) for v in count)
        marks = [_hex("|".join((*sides, mark))) for sides, mark in zip(joined, marks, strict=True)]
    return bytes.fromhex(_hex(str(sorted(marks))))


def _hex(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()

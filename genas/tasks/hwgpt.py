"""The published results of HW-GPT-Bench: perplexity of 25,000 language models by look-up, no training."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from genas.core import assets
from genas.core.devices import KnownDevices
from genas.core.errors import RequestError, ScoreFailed
from genas.core.interfaces import Data, Split, Task
from genas.core.metrics import PERPLEXITY, Metric
from genas.core.records import Architecture, Measurement

_GPUS = ("p100", "a100", "a40", "a6000", "h100", "rtx2080", "rtx3080", "v100")
_CPUS = ("cpu_a6000", "cpu_alldlc", "cpu_meta", "cpu_mlgpu", "cpu_p100", "cpu_helix")
_TO_MJ = {"kwh": 3.6e9, "wh": 3.6e6}
_COLUMNS = ("perplexity", "token_accuracy", "params", "flops")


class HwGpt(Task):
    """Language modelling of OpenWebText for the sub-networks that HW-GPT-Bench measured; a subset, not the whole space.

    Source: Sukthanker et al., "HW-GPT-Bench" (NeurIPS 2024). Perplexities come from the weights of a trained supernet,
    not from trainings of their own. About 10,000 architectures per scale are measured (of more than 10^11); all others
    fail. Perplexity is known for 10,000 of scale s, 5,245 of m, 429 of l. Nothing is charged: no times are published.

    Args:
        scale: "s", "m" or "l", as the space's.
        latency_device: whose `latency_ms` and `energy_mj` are looked up, such as "a100", "h100" or "cpu_meta"; the
            batch of the measurement differs between scales. None: nothing is looked up.

    Raises:
        RequestError: where there is no such scale or device.
    """

    name = "hwgpt"
    devices = KnownDevices("gpt", {name: (name,) for name in (*_GPUS, *_CPUS)}, published={"scale": ("s", "m", "l")})
    modality: ClassVar[str] = "text"
    metric: ClassVar[Metric] = PERPLEXITY
    input_shape = (128,)
    outputs = 50_254

    def __init__(self, *, scale: str = "s", latency_device: str | None = None) -> None:
        if scale not in ("s", "m", "l"):
            raise RequestError(f"hwgpt: scale must be s, m or l, not {scale!r}.")
        if latency_device not in (None, *_GPUS, *_CPUS):
            raise RequestError(f"hwgpt: latency_device must be one of {', '.join((*_GPUS, *_CPUS))}.")
        self.scale, self.latency_device = scale, latency_device
        self.description = f"Published perplexities of GPT-{scale.upper()} sub-networks on English web text."

    def lookup(self, arch: Architecture, metric: str, *, fidelity: float = 1.0) -> Measurement:
        """What the table says: `perplexity` (smaller is better), `token_accuracy`, `params`, `flops`, and the device's
        `latency_ms` and `energy_mj` of one pass.

        Raises:
            ScoreFailed: where the network, the metric or the fidelity is not in the table.
            MissingArtifact: where GENAS_DATA lacks the table.
        """
        if fidelity != 1.0:
            raise ScoreFailed(f"hwgpt is tabulated at fidelity 1 only, not at {fidelity:g}")
        row = self._rows.get(arch.ops) if arch.space == "gpt" else None
        if row is None:
            raise ScoreFailed(f"the table of GPT-{self.scale.upper()} lacks this network; it holds about 10,000")
        value = row.get(metric) if metric in _COLUMNS else self._device(row, metric)
        if value is None:
            raise ScoreFailed(f"the table has no {metric} of this network")
        return Measurement(metric, float(value), 0.0, fidelity)

    def _device(self, row: dict[str, Any], metric: str) -> float | None:
        if metric not in ("latency_ms", "energy_mj"):
            raise ScoreFailed(f"hwgpt has no table of {metric}; it has {', '.join(_COLUMNS)}, latency_ms, energy_mj")
        device = self.latency_device
        if device is None:
            raise ScoreFailed(f"no device is chosen for {metric}: give the task latency_device=a100, say")
        if metric == "latency_ms":
            return row[f"latency_{device}_ms"]  # type: ignore[no-any-return]
        unit = "wh" if device in _CPUS else "kwh"
        value = row.get(f"energy_{device}_{unit}")
        return None if value is None else float(value) * _TO_MJ[unit]

    @property
    def measured(self) -> list[Architecture]:
        """The architectures of the table."""
        return [Architecture("gpt", ops, tuple((i, i + 1) for i in range(len(ops) - 1))) for ops in self._rows]

    @cached_property
    def _rows(self) -> dict[tuple[str, ...], dict[str, Any]]:
        import pyarrow.parquet as pq

        table = pq.read_table(assets.data(f"hwgpt/hwgpt_{self.scale}.parquet"))
        return {_ops(row): row for row in table.to_pylist()}

    def data(self, split: Split) -> Data:
        """Never given: genas has no copy of the text.

        Raises:
            ScoreFailed: always.
        """
        raise ScoreFailed(f"hwgpt is judged by its table (scorer table), not by {split} data: the text is not here")


def _ops(row: dict[str, Any]) -> tuple[str, ...]:
    layers = zip(row["n_head"].split("-"), row["mlp_ratio"].split("-"), strict=True)
    inner = [f"heads{h}_mlp{r}" for h, r in layers][: row["n_layer"]]
    return (f"width{row['embed_dim']}_{'bias' if row['bias'] else 'plain'}", *inner, "output")

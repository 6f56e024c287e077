"""Latency as a sum over blocks, fitted on 200 architectures of a device: rank correlation with all others of its table.

    GENAS_DATA=... python eval/block_latency.py --write            (about 3 minutes on one core)

Every device of the FBNet table (21) and of the Once-for-All table (12), five draws of the 200. With `--here`, blocks
are timed on this machine instead, and whole networks beside them (about 4 minutes; let nothing else run).
"""

from __future__ import annotations

import argparse
import json
import re
import time
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
import record

from genas.core import assets, registry
from genas.core.context import Context
from genas.core.interfaces import SearchSpace, Task
from genas.core.records import Use
from genas.core.rng import rng
from genas.predictors.block_latency import LEAST, BlockFit, Floats, Labels, rank_correlation, weights_of
from genas.probes.probes import Probes
from genas.spaces.fbnet import KINDS, Fbnet
from genas.training.block_timing import BlockTimer

SEEDS, FITTED, CEILING = range(5), 200, 4000
WHOLE, SPACES = 20, ("mobile", "conv_net", "fbnet", "nasbench201")
_WIDTHS, _STRIDES = (24, 32, 48, 96, 136, 192), (2, 2, 2, 1, 2)  # of Once-for-All x1.2; the first stage is fixed
_PIXELS = 224**2
METHODS = ("blocks", "alone", "plain", "4,000", "flops", "params")


class Table(NamedTuple):
    """The architectures of a benchmark with their latencies."""

    labels: Labels
    choices: np.ndarray  # [n, places] of labels
    scales: Floats | None  # pixels relative to 224x224; None where all have one size
    flops: Floats
    params: Floats
    devices: dict[str, Floats]


def fbnet() -> Table:
    """The FBNet space of HW-NAS-Bench on 21 devices."""
    path = assets.data("fbnet/fbnet_latency.parquet")
    latencies = pq.read_table(path).sort_by("arch_id")
    counts = pq.read_table(assets.data("fbnet/fbnet_zero_cost.parquet")).sort_by("arch_id")
    numbers = np.array([[int(n) for n in text.split("_")] for text in latencies.column("arch").to_pylist()])
    return Table(
        (KINDS,) * Fbnet().blocks, np.array(KINDS)[numbers], None,
        np.array(counts.column("flops")), np.array(counts.column("params")), _devices(latencies),
    )  # fmt: skip


def ofa() -> Table:
    """Sub-networks of Once-for-All's MobileNetV3 on three cards and a server card, at three batch sizes."""
    rows = pq.read_table(assets.data("ofa/ofa_latency.parquet")).sort_by("arch_id")
    kernels, expansions, depths = (
        np.array([[int(n) for n in text.split("-")] for text in rows.column(name).to_pylist()])
        for name in ("ks", "e", "d")
    )
    there = np.tile(np.arange(4), 5) < np.repeat(depths, 4, axis=1)
    kinds = [f"k{k}_e{e}" for k in (3, 5, 7) for e in (3, 4, 6)]
    numbers = 3 * (kernels // 2 - 1) + np.searchsorted((3, 4, 6), expansions)
    choices = np.where(there, np.array(kinds)[numbers], "skip")
    labels = tuple((*kinds, "skip") if place % 4 > 1 else tuple(kinds) for place in range(20))
    sides = np.array(rows.column("resolution"), dtype=np.float64)
    flops, params = _counts(kernels, expansions, there, sides)
    return Table(labels, choices, sides**2 / _PIXELS, flops, params, _devices(rows))


def _counts(kernels: np.ndarray, expansions: np.ndarray, there: np.ndarray, sides: Floats) -> tuple[Floats, Floats]:
    """Multiply-adds and weights of all blocks, by the published widths; other parts are the same for all."""
    flops, params, pixels = np.zeros(len(sides)), np.zeros(len(sides)), (sides / 2) ** 2
    for place in range(20):
        stage, first = place // 4, place % 4 == 0
        inputs, outputs = _WIDTHS[stage + (not first)], _WIDTHS[stage + 1]
        inner, after = expansions[:, place] * inputs, pixels / _STRIDES[stage] ** 2 if first else pixels
        weights = inner * (inputs + kernels[:, place] ** 2 + outputs)
        adds = pixels * inner * inputs + after * inner * (kernels[:, place] ** 2 + outputs)
        flops, params, pixels = flops + there[:, place] * adds, params + there[:, place] * weights, after
    return flops, params


def _devices(rows: object) -> dict[str, Floats]:
    names = [name for name in rows.column_names if name.endswith("_ms")]  # type: ignore[attr-defined]
    return {name.removesuffix("_ms"): np.array(rows.column(name), dtype=np.float64) for name in names}  # type: ignore[attr-defined]


def one_device(table: Table, device: str, known: Floats) -> dict[str, list[float]]:
    """By method, Spearman on the architectures that were not fitted on, for each seed."""
    figures = table.devices[device]
    found: dict[str, list[float]] = {method: [] for method in METHODS}
    for seed in SEEDS:
        drawn = np.random.default_rng([seed, FITTED]).permutation(len(figures))
        rest = drawn[FITTED:]
        for method, count, others in (("blocks", FITTED, known), ("alone", FITTED, None), ("4,000", CEILING, known)):
            few, left = drawn[:count], drawn[count:]
            scales = [None if table.scales is None else table.scales[rows] for rows in (few, left)]
            fit = BlockFit(table.labels, table.choices[few].tolist(), figures[few], scales[0], others)
            found[method].append(rank_correlation(fit.predict(table.choices[left].tolist(), scales[1]), figures[left]))
        found["plain"].append(_plain(table, figures, drawn[:FITTED], rest))
        for method, counts in (("flops", table.flops), ("params", table.params)):
            found[method].append(rank_correlation(counts[rest], figures[rest]))
    return found


def devices(table: Table) -> dict[str, dict[str, list[float]]]:
    """The figures of each device; known are the others that are not the same card at another batch size."""
    columns = np.stack(list(table.devices.values()), axis=1)
    families = [re.sub(r"_[0-9]+$", "", name) for name in table.devices]
    found = {}
    for device, family in zip(table.devices, families, strict=True):
        others = columns[:, [other != family for other in families]]
        known = weights_of(table.labels, table.choices.tolist(), others, table.scales)
        found[device] = one_device(table, device, known)
    return found


def _plain(table: Table, figures: Floats, few: np.ndarray, rest: np.ndarray) -> float:
    """Least squares without a prior (the smallest weights that fit)."""
    pairs = zip(table.labels, table.choices.T, strict=True)
    rows = np.concatenate([column[:, None] == np.array(of)[None] for of, column in pairs], axis=1).astype(float)
    if table.scales is not None:
        rows = np.concatenate([rows, rows * table.scales[:, None]], axis=1)
    middle = rows[few].mean(axis=0)
    weights = np.linalg.lstsq(rows[few] - middle, figures[few] - figures[few].mean(), rcond=1e-8)[0]
    return rank_correlation((rows[rest] - middle) @ weights, figures[rest])


def here(space: str, seed: int) -> dict[str, float]:
    """Sums of blocks timed on this machine beside whole networks of 32x32 images, timed too."""
    known: SearchSpace = registry.create("spaces", Use(space, {"pretrained": False} if space == "conv_net" else {}))
    task: Task = registry.create("tasks", "cifar10")
    archs = [known.sample(rng(seed, "here", number)) for number in range(WHOLE)]
    start = time.perf_counter()
    timer = BlockTimer(known, task, "cpu")
    sums = np.array([timer.milliseconds(arch) for arch in archs])
    seconds = time.perf_counter() - start
    context = Context(known, task, device="cpu", seed=0, probes=Probes(known, task, "cpu"))
    clocks = {name: registry.create("scorers", name, context) for name in ("latency_ms", "flops", "params")}
    found = {name: np.array([clock.score(arch).value for arch in archs]) for name, clock in clocks.items()}
    whole = found["latency_ms"]
    again = np.array([clocks["latency_ms"].score(arch).value for arch in archs])
    return {
        "blocks": rank_correlation(sums, whole), "again": rank_correlation(again, whole),
        "flops": rank_correlation(found["flops"], whole), "params": rank_correlation(found["params"], whole),
        "ratio": float(np.median(whole / sums)), "distinct": timer.distinct, "seconds": seconds,
    }  # fmt: skip


def report_here(figures: dict[str, list[dict[str, float]]]) -> str:
    """One row for each space."""
    names = ("blocks", "again", "flops", "params", "ratio", "distinct", "seconds")
    lines = [
        "| space | sum of timed blocks | the same networks timed again | FLOPs | params | whole / sum | distinct blocks | "
        "seconds to time them |",
        "| --- " * 8 + "|",
    ]
    for space, found in figures.items():
        cells = [[row[name] for row in found] for name in names]
        lines.append(f"| {space} | " + " | ".join(_cell(values) for values in cells) + " |")
    return "\n".join(lines)


def report(figures: dict[str, dict[str, dict[str, list[float]]]]) -> str:
    """One row for each device."""
    transfer = json.loads((record.RESULTS / "device_transfer.json").read_text())["figures"]["fbnet"]["one out"]
    lines = [
        "| device | blocks, 200 | passes | no other device known | plain least squares, 200 | blocks, 4,000 | FLOPs | "
        "params | device_transfer, 10 |",
        "| --- " * 9 + "|",
    ]
    for name, table in figures.items():
        for device, found in table.items():
            known = transfer.get(device) if name == "FBNet" else None
            passes = sum(rho >= LEAST for rho in found["blocks"])
            cells = [_cell(found[method]) for method in METHODS] + [_cell(known["chosen"]) if known else ""]
            lines.append(f"| {name} {device} | {cells[0]} | {passes} of 5 | {' | '.join(cells[1:])} |")
    return "\n".join(lines)


def _cell(values: list[float]) -> str:
    return f"{np.median(values):.3f} [{min(values):.3f}, {max(values):.3f}]"


ABOUT_HERE = (
    "Spearman's rho with the latency of 20 whole networks (scorer `latency_ms`, one thread, 32x32 images); `median [lowest, "
    "highest]` over 5 draws of the 20. Each distinct block is timed once (15 passes). *Timed again* is what the "
    "clock itself allows on this machine, on which other programs ran.\n\n"
)
ABOUT = (
    "Spearman's rho with the table on all architectures that were not fitted on (4,800 after 200); `median [lowest, "
    "highest]` over 5 draws of the 200. *Passes*: draws at .99 or more; below, the scorer `block_latency` refuses the "
    "device and names the figure. *Blocks, 200*: the prior has what the tables of other devices have in common; other "
    "batch sizes of the same card are not among them. *Blocks, 4,000*: the same on four fifths of the table, which shows "
    "how far latencies of a device are sums over blocks at all: the rest is noise of measuring (essential_ph_1, "
    "samsung_s7), or time that does not add up (a card at batch 1 waits for its processor). *device_transfer, 10*: ten "
    "measurements there and the other devices' tables, from the section on unseen devices; it has no figure for a block, so "
    "no gradient. Once-for-All's networks take images of 128 to 224 pixels a side, so there each block costs a + b * pixels; "
    "FLOPs and params are our count of its blocks by the widths of x1.2, the variant that HELP's own code evaluates. Its "
    "places and labels are those of the space `mobile` with five stages, but not its blocks: they have widths of 32, 48, 96, "
    "136 and 192, strides of 2, 2, 2, 1 and 2 and larger images, and a block's time depends on all of these; so these "
    "figures are not used for `mobile`, whose blocks are timed on the machine itself. The variances tried for the prior were chosen by looking at one draw of the FBNet table.\n\n"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--here", action="store_true", help="time blocks on this machine")
    parser.add_argument("--write", action="store_true", help="write eval/results")
    arguments = parser.parse_args()
    start = time.perf_counter()

    def show(name: str, title: str, text: str, figures: object) -> None:
        if arguments.write:
            record.write(name, title, text, figures, time.perf_counter() - start)
        else:
            print(text)

    if arguments.here:
        timed = {space: [here(space, seed) for seed in SEEDS] for space in SPACES}
        show("block_latency_here", "Latency as a sum over blocks timed here", ABOUT_HERE + report_here(timed), timed)
        return
    tables = {"FBNet": fbnet(), "Once-for-All": ofa()}
    figures = {name: devices(table) for name, table in tables.items()}
    show("block_latency", "Latency as a sum over blocks, fitted on 200 architectures", ABOUT + report(figures), figures)


if __name__ == "__main__":
    main()

"""Does it help to condition a predictor on the task or device? NAS-Bench-201, graph networks alone.

    GENAS_DATA=... python eval/predictor_conditions.py --out /tmp/conditions    (about 20 minutes of one core; resumable)

`tasks`: E cells of each data set, sampled separately, train one predictor on all three rankings (`teach_questions`), or
on one ranking for all (`teach` on the pooled ranks; also with the layer that only the conditioned nets have), or one
predictor per data set on its own cells. `new task`: the same, with one data set left out and described in words.
`devices`: E cells with their figures on nine devices; each device is ranked as trained, and left out and described in
words. 3,000 cells that no predictor was trained on are ranked, by validation accuracy (no test accuracy is read) or by
the table's figure. The temperature of similarities (0.05), the extra layer and the initialisation were chosen on other
draws (100, 101 and 901).
"""

from __future__ import annotations

import argparse
import json
import time
from functools import cache, partial
from pathlib import Path
from typing import get_args

import numpy as np
import record
import torch
from predictor_ranks import schooling
from scipy.stats import kendalltau, rankdata, spearmanr

from genas.core import registry
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Task
from genas.core.records import Architecture, Use
from genas.core.rng import rng, seed_of
from genas.predictors.conformal import TWO_SIDED_90, calibrate
from genas.predictors.device_transfer import DeviceTransfer
from genas.predictors.gnn import GraphPredictor, Train, teach
from genas.predictors.multi_task import Lesson, teach_questions, widen
from genas.predictors.questions import MERIT, Question, of_device, of_task
from genas.scorers._devices import DeviceFigures
from genas.tasks.nasbench201 import Dataset

EXAMPLES, UNSEEN, MEASURED = (156, 469), 3000, 10
DATASETS: tuple[str, ...] = get_args(Dataset)
DEVICES = (
    "1080ti_1", "titan_rtx_32", "gold_6240", "silver_4114", "pixel3", "samsung_s7", "essential_ph_1", "edgegpu",
    "edgetpu",
)  # fmt: skip
FIGURES = (*(("latency_ms", device) for device in DEVICES), ("energy_mj", "edgegpu"))
SPACE = registry.create("spaces", "nasbench201")
Cells = list[Architecture]


def task_of(**options: str) -> Task:
    task: Task = registry.create("tasks", Use("nasbench201", options))
    return task


@cache
def cells() -> Cells:
    """Those that every device has a figure of (the table of edgetpu has gaps)."""
    task, found = task_of(latency_device="edgetpu"), []
    for row in np.stack(np.unravel_index(np.arange(5**6), (5,) * 6), axis=1):
        arch = SPACE.cell([SPACE.ops[2 + code] for code in row])
        try:
            task.lookup(arch, "latency_ms")
        except ScoreFailed:
            continue
        found.append(arch)
    return found


def looked_up(archs: Cells, metric: str, **options: str) -> np.ndarray:
    task = task_of(**options)
    return np.array([task.lookup(arch, metric).value for arch in archs])


def ranks(values: np.ndarray) -> np.ndarray:
    return np.asarray((rankdata(values) - 0.5) / len(values))


def schooled(school: Train, _part: str) -> Train:
    """The same school for each part."""
    return school


def taught(archs: Cells, lesson: Lesson, seed: int) -> GraphPredictor:
    with torch.random.fork_rng():
        torch.manual_seed(seed_of(seed, "predictor conditions"))
        return teach_questions(SPACE, archs, lesson, schooling(len(archs), seed))[0]


def one_order(archs: Cells, quantiles: np.ndarray, seed: int) -> GraphPredictor:
    with torch.random.fork_rng():
        torch.manual_seed(seed_of(seed, "predictor conditions"))
        return teach(SPACE, archs, quantiles.tolist(), schooling(len(archs), seed))[0]


def lesson(questions: list[Question], quantiles: np.ndarray) -> Lesson:
    vectors = torch.stack([question.vector() for question in questions])
    return Lesson(tuple(questions), vectors, torch.tensor(quantiles, dtype=torch.float32))


class Draw:
    """Which cells are measured on each data set, and which are ranked."""

    def __init__(self, examples: int, seed: int) -> None:
        draw = rng(seed, "predictor conditions", examples)
        order = [cells()[int(i)] for i in draw.permutation(len(cells()))]
        self.seen = {d: order[k * examples : (k + 1) * examples] for k, d in enumerate(DATASETS)}
        self.rest = order[3 * examples : 3 * examples + UNSEEN]
        self.truth = {d: looked_up(self.rest, "accuracy", dataset=d) for d in DATASETS}
        self.ranks = {d: ranks(looked_up(self.seen[d], "accuracy", dataset=d)) for d in DATASETS}
        self.mixed = rng(seed, "mixed", examples)

    def pooled(self, datasets: list[str]) -> tuple[Cells, Lesson, np.ndarray]:
        """Cells of these data sets in one order, what they answer to the question of each, and of all."""
        each = len(self.seen[datasets[0]])
        table = np.full((each * len(datasets), len(datasets)), np.nan)
        for column, dataset in enumerate(datasets):
            table[column * each : (column + 1) * each, column] = self.ranks[dataset]
        order = self.mixed.permutation(len(table))
        archs, table = [arch for d in datasets for arch in self.seen[d]], table[order]
        questions = [of_task(task_of(dataset=dataset)) for dataset in datasets]
        return [archs[i] for i in order], lesson(questions, table), np.nansum(table, axis=1)

    def judged(self, dataset: str, model: GraphPredictor) -> dict[str, float]:
        """Kendall's tau on a data set and coverage of 90 % intervals."""
        found = [p.double().numpy() for p in model.predict(self.rest, question=of_task(task_of(dataset=dataset)))]
        truth = self.truth[dataset]
        inside = np.abs(found[0] - ranks(truth)) <= TWO_SIDED_90 * found[1]
        others = [other for other in DATASETS if other != dataset]
        pairs = {f"right on {other}": right(found[0], truth, self.truth[other]) for other in others}
        return {"tau": float(kendalltau(found[0], truth).statistic), "coverage": float(inside.mean()), **pairs}


def right(found: np.ndarray, truth: np.ndarray, other: np.ndarray) -> float:
    """Of the pairs that another data set orders the other way round, the share that is right for this one."""
    first, second = np.random.default_rng(0).integers(len(truth), size=(2, 200_000))
    signs = [np.sign(values[first] - values[second]) for values in (found, truth, other)]
    apart = signs[1] * signs[2] < 0
    return float((signs[0] == signs[1])[apart].mean())


def several_tasks(examples: int, seed: int) -> dict[str, dict[str, dict[str, float]]]:
    """Every data set taught: predictor -> data set -> figures."""
    draw = Draw(examples, seed)
    archs, told, flat = draw.pooled(list(DATASETS))
    models = {"one order for all": one_order(archs, flat, seed), "conditioned": taught(archs, told, seed)}
    found = {name: {d: draw.judged(d, model) for d in DATASETS} for name, model in models.items()}
    same = lesson([Question(MERIT, "an image classification task")], flat[:, None])
    model = taught(archs, same, seed)
    found["one order for all, with that layer"] = {d: draw.judged(d, model) for d in DATASETS}
    own = {d: one_order(draw.seen[d], draw.ranks[d], seed) for d in DATASETS}
    found["each data set's own cells alone"] = {d: draw.judged(d, model) for d, model in own.items()}
    return found


def new_task(examples: int, seed: int) -> dict[str, dict[str, dict[str, float]]]:
    """Each data set left out in turn, and asked for in words."""
    draw, found = Draw(examples, seed), dict[str, dict[str, dict[str, float]]]()
    for dataset in DATASETS:
        archs, told, flat = draw.pooled([d for d in DATASETS if d != dataset])
        found.setdefault("one order for all", {})[dataset] = draw.judged(dataset, one_order(archs, flat, seed))
        model = taught(archs, told, seed)
        with torch.random.fork_rng():
            torch.manual_seed(seed_of(seed, "predictor conditions", "widen"))
            widen(model, SPACE, archs, told, partial(schooled, schooling(len(archs), seed)))
        found.setdefault("conditioned", {})[dataset] = draw.judged(dataset, model)
    return found


def counted(archs: Cells) -> np.ndarray:
    """FLOPs: each label has its share of a cell of six alike."""
    flops = registry.create("scorers", "flops", space=SPACE, task=task_of())
    share = {op: flops.score(SPACE.cell([op] * 6)).value / 6 for op in SPACE.ops[2:]}
    return np.array([sum(share[op] for op in arch.ops[1:-1]) for arch in archs])


def devices(examples: int, seed: int) -> dict[str, dict[str, float]]:
    """Spearman's rho by figure: as taught, left out, and what needs no predictor or ten measurements."""
    draw = Draw(examples, seed)
    seen, rest = draw.seen[DATASETS[0]], draw.rest
    figures = {f: looked_up([*seen, *rest], f[0], latency_device=f[1]) for f in FIGURES}
    cheap = {f: ranks(-values[:examples]) for f, values in figures.items()}
    model = taught(seen, lesson([of_device(*f) for f in FIGURES], np.stack(list(cheap.values()), axis=1)), seed)
    alone = {"params": looked_up(rest, "params"), "flops": counted(rest)}
    found = {}
    for f in FIGURES:
        truth = figures[f][examples:]
        row = {name: float(spearmanr(values, truth)[0]) for name, values in alone.items()}
        row["taught"] = -float(spearmanr(model.predict(rest, question=of_device(*f))[0], truth)[0])
        found[" ".join(f)] = row
    errors = {}
    for device in DEVICES:
        known = [f for f in FIGURES if f[1] != device]
        told = lesson([of_device(*f) for f in known], np.stack([cheap[f] for f in known], axis=1))
        other = taught(seen, told, seed)
        for f in (f for f in FIGURES if f[1] == device and f[0] in {one[0] for one in known}):
            truth = figures[f][examples:]
            mean = other.asked(rest, question=of_device(*f)).sigmoid()
            value, spread = mean.mean(0).double().numpy(), mean.std(0, unbiased=False).double().numpy() + 0.02
            found[" ".join(f)]["left out"] = -float(spearmanr(value, truth)[0])
            errors[" ".join(f)] = np.stack([value, spread, ranks(-truth)])
            found[" ".join(f)]["ten measured"] = measured_on(f, figures, [*seen, *rest], examples, seed)
    for name, (value, spread, standing) in errors.items():
        factor = calibrate(*np.concatenate([e for n, e in errors.items() if n != name], axis=1)).factor
        found[name]["coverage"] = float((np.abs(value - standing) <= factor * spread).mean())
    return found


def measured_on(
    target: tuple[str, str], figures: dict[tuple[str, str], np.ndarray], archs: Cells, examples: int, seed: int
) -> float:
    """`device_transfer` with ten measurements that it chose itself, from all cells' figures on the other devices."""
    known = np.stack([v for f, v in figures.items() if f[1] != target[1]], axis=1)
    features = DeviceFigures(SPACE, "latency_ms").features(archs)
    model = DeviceTransfer(known, features)
    rows, pool = model.rows(features, known), rng(seed, "measured").permutation(len(archs))[:400]
    at = pool[model.choose(rows[pool], MEASURED)]
    rest = np.setdiff1d(np.arange(examples, len(archs)), at)
    mean = model.predict(rows[at], figures[target][at], rows[rest]).mean
    return float(spearmanr(mean, figures[target][rest])[0])


def told(values: list[float]) -> str:
    return f"{np.median(values):.3f} [{min(values):.3f}, {max(values):.3f}]"


def task_table(runs: dict[int, list[dict[str, dict[str, dict[str, float]]]]], first: str) -> str:
    """Markdown: a row per predictor and number of examples."""
    pair = ("cifar10", "imagenet16_120")
    heads = [*(f"tau {d}" for d in DATASETS), "pairs that C10 and IN16 order differently, right", "coverage, all three"]
    lines = [f"| {first} | cells of each | " + " | ".join(heads) + " |", "| --- " * (len(heads) + 2) + "|"]
    for examples, draws in runs.items():
        for name in draws[0]:
            cells = [told([run[name][d]["tau"] for run in draws]) for d in DATASETS]
            both = [(run[name][a][f"right on {b}"]) for run in draws for a, b in (pair, pair[::-1])]
            cells.append(told([sum(both[k : k + 2]) / 2 for k in range(0, len(both), 2)]))
            cells.append(told([run[name][d]["coverage"] for run in draws for d in DATASETS]))
            lines.append(f"| {name} | {examples} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def device_table(draws: list[dict[str, dict[str, float]]], examples: int) -> str:
    """Markdown: a row per figure, and the mean over devices."""
    columns = {
        "params": "params", "flops": "FLOPs", "taught": f"taught, {examples} cells",
        "left out": "left out, asked in words", "ten measured": "device_transfer, 10 measured",
        "coverage": "coverage, left out",
    }  # fmt: skip
    lines = ["| figure | " + " | ".join(columns.values()) + " |", "| --- " * (len(columns) + 1) + "|"]
    for name in draws[0]:
        cells = [told([run[name][c] for run in draws]) if c in draws[0][name] else "" for c in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    means = [[np.mean([r[c] for n, r in run.items() if n.startswith("latency")]) for run in draws] for c in columns]
    lines.append("| mean of the latencies | " + " | ".join(told([float(v) for v in m]) for m in means) + " |")
    return "\n".join(lines)


ABOUT = """One graph network ensemble told which data set or device is asked about (`genas.predictors.multi_task`), beside one that is
not, without the blend that the scorer adds. Kendall's tau on 3,000 unseen cells; median of five draws [lowest, highest].
Of the pairs that two data sets order differently, one order for all gets half right: what it gains on one it loses on the
other. Conditioned networks get a little more, own cells alone most (and fewer of all pairs). Intervals of a data set that
was left out are widened by what each of the two known ones needed when it was left out in turn; that only three data sets
stand behind this, and alike ones, is no promise for others.
"""
ABOUT_DEVICES = """
Spearman's rho on 3,000 unseen cells. `Left out`: nothing of that device was taught, it is asked for by the words of
`genas.encodings.devices`; `device_transfer` reads ten measurements there and all cells' figures on the other eight.
Coverage of 90 % intervals with the factor that the other left-out devices needed (networks that were taught this one):
of devices unlike the others (edgegpu, edgetpu) they hold too little. CIFAR-10 inputs.
"""
UNITS = (
    *(("tasks", several_tasks, e) for e in EXAMPLES), *(("new", new_task, e) for e in EXAMPLES[1:]),
    ("devices", devices, EXAMPLES[0]),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", type=int, help="measure only this draw, and write nothing down")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    results, seconds = {}, 0.0
    for seed in range(arguments.seeds) if arguments.only is None else [arguments.only]:
        for name, measure, examples in UNITS:
            cached = arguments.out / f"{name}-{examples}-{seed}.json"
            if not cached.is_file():
                start = time.process_time()
                found = measure(examples, seed)
                cached.write_text(json.dumps({"seconds": time.process_time() - start, "found": found}))
            read = json.loads(cached.read_text())
            results[f"{name}-{examples}-{seed}"], seconds = read["found"], seconds + read["seconds"]
            print(name, examples, seed, f"{read['seconds']:.0f} s", flush=True)
    if arguments.only is None:
        runs = {
            n: {e: [results[f"{n}-{e}-{s}"] for s in range(arguments.seeds)] for m, _, e in UNITS if m == n}
            for n in ("tasks", "new", "devices")
        }
        parts = [task_table(runs["tasks"], "taught"), task_table(runs["new"], "left out"), ABOUT_DEVICES.strip()]
        parts += [device_table(draws, examples) for examples, draws in runs["devices"].items()]
        title = "Predictors: told which task or device is asked about"
        record.write("predictor_conditions", title, ABOUT + "\n" + "\n\n".join(parts), results, seconds)


if __name__ == "__main__":
    main()

"""Do measurements on other data sets help a predictor on a new one? NAS-Bench-201, each data set new in turn.

    GENAS_DATA=... python eval/predictor_tasks.py        (about five minutes of one core)

The scorer `gnn` without shipped weights (`model=none`) gets E cells of each of the two other data sets, sampled
separately, through `transfer`. It predicts 3,000 cells of the new data set, first without any measurement there, then
fitted on 10, 20 and 40 of its cells; for comparison, the same blend on those cells alone. Validation accuracies, means
over the seeds of the release, over all 15,625 cells; no test accuracy is read. Nothing was chosen on these samples.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import get_args

import numpy as np
import record
from scipy.stats import kendalltau, norm

from genas.core import registry
from genas.core.errors import ScoreFailed
from genas.core.interfaces import Scorer
from genas.core.records import Architecture, Candidate, Measurement, Trial, Use
from genas.core.rng import rng
from genas.predictors.blend import Blend, views
from genas.predictors.gaussian_process import quantiles
from genas.tasks.nasbench201 import Dataset

EXAMPLES = (78, 156, 469)  # of each known data set
FEW = (10, 20, 40)  # of the new one
SPACE = registry.create("spaces", "nasbench201")


def told(dataset: str, examples: int, seed: int) -> Scorer:
    """The scorer that knows the other data sets."""
    others = [name for name in get_args(Dataset) if name != dataset]
    sources = [f"table:nasbench201:dataset={d},sample={examples},seed={10 * seed + i}" for i, d in enumerate(others)]
    use = Use("gnn", {"model": "none", "transfer": sources})
    task = registry.create("tasks", Use("nasbench201", {"dataset": dataset}))
    scorer: Scorer = registry.create("scorers", use, space=SPACE, seed=seed, task=task)
    return scorer


def scored(scorer: Scorer, archs: Sequence[Architecture]) -> list[Measurement]:
    """What it says of each; the first failure is raised."""
    found = []
    for result in scorer.score_all(archs):
        if isinstance(result, ScoreFailed):
            raise result
        found.append(result)
    return found


def measure(dataset: str, examples: int, seed: int, archs: list[Architecture]) -> dict[str, float]:
    """Kendall's tau by what was known, and how many intervals held before anything was."""
    task = registry.create("tasks", Use("nasbench201", {"dataset": dataset}))
    accuracy = np.array([task.lookup(arch, "accuracy").value for arch in archs])
    scorer, rest = told(dataset, examples, seed), slice(max(FEW), None)
    made = scored(scorer, archs[rest])
    values, stds = np.array([m.value for m in made]), np.array([m.std for m in made])
    found = {"0": float(kendalltau(values, accuracy[rest]).statistic)}
    standing = norm.cdf(quantiles(accuracy[rest]))
    found["coverage"] = float((np.abs(values - standing) <= 1.645 * stds).mean())
    known = views(SPACE, archs)
    for few in FEW:
        scorer.fit(
            [
                Trial(Candidate(arch, "drawn"), (Measurement("accuracy", float(value)),))
                for arch, value in zip(archs[:few], accuracy, strict=False)
            ]
        )
        ranked = [m.value for m in scored(scorer, archs[rest])]
        found[f"{few}"] = float(kendalltau(ranked, accuracy[rest]).statistic)
        alone = Blend(seed)
        alone.fit(known.rows(slice(0, few)), accuracy[:few])
        found[f"{few} alone"] = float(kendalltau(alone.predict(known.rows(rest))[0], accuracy[rest]).statistic)
    return found


def table(results: dict[str, dict[str, float]], seeds: int) -> str:
    """Markdown; a row per data set and number of examples elsewhere."""
    columns = ["0", *(f"{few}{word}" for few in FEW for word in ("", " alone")), "coverage"]
    heads = [
        "none", *(f"{few}{word}" for few in FEW for word in ("", ", without the others")),
        "coverage of 90 % intervals, none measured",
    ]  # fmt: skip
    lines = ["| new data set | cells of each other | " + " | ".join(heads) + " |", "| --- " * (len(heads) + 2) + "|"]
    for dataset in get_args(Dataset):
        for examples in EXAMPLES:
            runs = [results[f"{dataset}-{examples}-{seed}"] for seed in range(seeds)]
            parts = [[run[column] for run in runs] for column in columns]
            cells = [f"{np.median(v):.3f} [{min(v):.3f}, {max(v):.3f}]" for v in parts]
            lines.append(f"| {dataset} | {examples} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    start = time.process_time()
    results: dict[str, dict[str, float]] = {}
    for seed in range(arguments.seeds):
        draw = rng(seed, "predictor tasks")
        archs = list({arch.key: arch for arch in (SPACE.sample(draw) for _ in range(3000))}.values())
        for dataset in get_args(Dataset):
            for examples in EXAMPLES:
                results[f"{dataset}-{examples}-{seed}"] = measure(dataset, examples, seed, archs)
                print(dataset, examples, seed, results[f"{dataset}-{examples}-{seed}"], flush=True)
    about = (
        "Kendall's tau on about 2,700 drawn cells of a data set, by how many of its own cells were measured and how many "
        "of each other data set (scorer `gnn` with `transfer` and no shipped weights); median of five draws [lowest, "
        "highest]. `Without the others`: the same blend of its own cells alone. Own cells change what the others say only "
        "once they clearly say otherwise, so up to 40 of them change next to nothing. Intervals are widened by how much "
        "the two known data sets disagree (each predicted from the other), which turns out wider than need be, as two "
        "predict better than one; so few tasks guarantee nothing.\n\n"
    )
    title = "Predictors: a data set that is new, with measurements on others"
    record.write(
        "predictor_tasks", title, about + table(results, arguments.seeds), results, time.process_time() - start
    )


if __name__ == "__main__":
    main()

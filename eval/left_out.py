"""The benefit of learned proposers on an unseen set of images, compared with uniform samples and the hand-made ResNet.

    GENAS_DATA=... python eval/left_out.py --seconds 20 --networks 8           (some 65 minutes of one core; resumes)

For each set in turn, the models are fitted to the ledgers of the other sets (`eval/flywheel.py`). Each proposer then
proposes its first networks with at most 100,000 parameters, and each is trained with the default recipe for the same CPU
seconds of one thread. Validation chooses the best one per proposer. Only its test accuracy is read, and that of the
ResNet, which is trained in the same way.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from statistics import mean, median
from typing import Any

import record
import torch
from flywheel import BASES, PARAMS, fits, learned, sets

from genas.core import clock, registry
from genas.core.errors import ScoreFailed
from genas.core.examples import Example, examples
from genas.core.interfaces import Proposer, SearchSpace, Task
from genas.core.records import Candidate, Constraint, Use
from genas.learners._fit import fit_examples
from genas.training.judging import judge
from genas.training.recipe import Recipe
from genas.training.timing import keep_memory

HERE = Path(__file__).parent
FITTED = ("diffusion", "archlm")
RESNET = "by hand"
SOURCES = (RESNET, "uniform", *FITTED)


def _ledger(name: str) -> str:
    return str(HERE / "ledgers" / f"conv_net-{name}.jsonl")


@lru_cache
def _known(space: SearchSpace) -> list[Example]:
    return examples(space, [_ledger(name) for name in sets()], count=True)


def proposer(kind: str, space: SearchSpace, task: Task, left_out: str) -> Proposer:
    """The proposer, fitted to the other sets' ledgers where it learns."""
    options: dict[str, Any] = {}
    if kind in FITTED:
        folder = HERE.parent / "runs" / "left_out" / f"{kind}-{left_out}"
        if not (folder / "README.md").is_file():
            known = [example for example in _known(space) if example.source != _ledger(left_out)]
            fit_examples(kind, space, known, folder)
        options["model"] = str(folder)
    limits = (Constraint("params", at_most=PARAMS),)
    return registry.create("proposers", Use(kind, options), space=space, task=task, limits=limits, seed=0, device="cpu")  # type: ignore[no-any-return]


def proposed(kind: str, space: SearchSpace, task: Task, left_out: str) -> Iterator[Candidate]:
    """Those within the limit, by the default recipe; the ResNet is one."""
    if kind == RESNET:
        stride = 1 if min(task.input_shape[1:]) >= 48 else 0  # of BASES: from 48 pixels on, its stem halves the image
        yield Candidate(space.from_text(BASES[stride]), kind, recipe=Recipe().to_data())
        return
    asked, seen = proposer(kind, space, task, left_out), set()
    while True:
        for candidate in asked.ask(8):
            if candidate.arch.key not in seen and fits(space, candidate.arch, task):
                yield Candidate(candidate.arch, kind, recipe=Recipe().to_data())
            seen.add(candidate.arch.key)


def measured(space: SearchSpace, candidate: Candidate, task: Task, seconds: float) -> dict[str, Any]:
    """Validation and test accuracy; the second is read here and looked at for the chosen network alone."""
    try:
        training, _ = learned(space, candidate, task, seconds)
    except ScoreFailed as failure:
        return {"failure": str(failure)}
    training.judge()
    test = judge(training.averaged, task, task.data("test"), training.device).value
    return {"val": training.curve[-1][1], "test": test}


def table(rows: list[dict[str, Any]]) -> str:
    """By set: test accuracy of the network that validation chooses, and the median validation accuracy of all."""
    lines = ["| set | " + " | ".join(SOURCES) + " |", "| --- |" + " ---: |" * len(SOURCES)]
    best: dict[str, dict[str, float]] = {}
    for name in dict.fromkeys(row["set"] for row in rows):
        cells = []
        for source in SOURCES:
            found = [row for row in rows if (row["set"], row["source"]) == (name, source)]
            if not found:
                cells.append("-")
                continue
            chosen = max(found, key=lambda row: row.get("val", 0.0))
            best.setdefault(name, {})[source] = chosen.get("test", 0.0)
            middle = median(row.get("val", 0.0) for row in found)
            cells.append(f"{chosen.get('test', 0.0):.3f} (median of {len(found)}: {middle:.3f})")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    whole = [found for found in best.values() if len(found) == len(SOURCES)]
    means = [f"{mean(found[source] for found in whole):.3f}" for source in SOURCES] if whole else []
    return "\n".join([*lines, f"| mean of {len(whole)} | " + " | ".join(means) + " |"] if whole else lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=list(sets()))
    parser.add_argument("--sources", nargs="+", default=list(SOURCES))
    parser.add_argument("--networks", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--out", type=Path, default=record.RESULTS / "left_out.jsonl", help="one line per network")
    args = parser.parse_args()
    torch.set_num_threads(1)
    keep_memory()
    clock.now = time.process_time
    space: SearchSpace = registry.create("spaces", "conv_net")
    rows = record.rows(args.out)
    for name in args.sets:
        task: Task = registry.create("tasks", sets()[name])
        for source in args.sources:
            done = {row["key"] for row in rows if (row["set"], row["source"]) == (name, source)}
            for candidate in islice(proposed(source, space, task, name), args.networks):
                if candidate.key in done:
                    continue
                row = {"set": name, "source": source, "key": candidate.key, "text": space.to_text(candidate.arch)}
                rows.append(row | measured(space, candidate, task, args.seconds))
                record.add(args.out, rows[-1])
                print(rows[-1], flush=True)
    about = (
        f"{args.seconds:g} CPU seconds for each network; in brackets the median validation accuracy of a proposer's "
        "networks, one that was too slow to see all images 1.5 times counting as 0. Uniform draws and both models may "
        "use pretrained stems.\n\n"
    )
    record.write("left_out", "Learned proposers on a set left out", about + table(rows), rows, args.seconds * len(rows))


if __name__ == "__main__":
    main()

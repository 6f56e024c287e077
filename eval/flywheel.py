"""Trains the same networks with their recipes on many data sets, as in the first leg of a race: training data for models.

    GENAS_DATA=... python eval/flywheel.py --pairs 80 --seconds 20            (some 4 hours of one core; resumes)

Each pair of an architecture and a recipe is trained for the same CPU seconds of one thread on every set, first with a
constant and then with a decaying learning rate, and is judged on the validation split; no test image is read. Pairs come
alternately from two lists: uniform samples of the space, and hand-made references with one to four labels and up to
three values of the recipe changed. There is one ledger per set in eval/ledgers/, which `genas fit` and
`eval/portfolio.py` read.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from genas.core import clock, registry, wire
from genas.core.building import build
from genas.core.errors import ScoreFailed
from genas.core.interfaces import SearchSpace, Task
from genas.core.ledger import Ledger
from genas.core.records import Architecture, Candidate, Measurement, Use
from genas.core.rng import rng
from genas.training.feature_cache import StemCaches
from genas.training.judging import Judged
from genas.training.leg import Leg
from genas.training.loop import Training
from genas.training.recipe import Recipe
from genas.training.timing import keep_memory
from genas.training.whitening import whitened

PARAMS = 100_000
DECAY = 0.6  # of the seconds
SLOW = 1.5  # passes over the data: a network that does not get as far is written down as too slow


def sets() -> dict[str, Use]:
    """The data sets, 1,000 to 2,000 training images each."""
    own = {name: Use("images", {"path": f"$GENAS_DATA/images/{name}.parquet", "limit": 2000})
           for name in ("land_use", "chest_xray", "sign_digits", "steel_defects", "math_symbols")}  # fmt: skip
    return {
        **own,
        "cifar10": Use("cifar10", {"limit": 2000}),
        "mnist": Use("mnist", {"limit": 2000}),
        "digits": Use("digits"),
    }


RESNET = "residual k3 d1 w16 | residual k3 d1 w32 | residual k3 d1 w64"
BASES = (
    f"full stem16 s1 relu mean | {RESNET}",
    f"full stem16 s2 relu mean | {RESNET}",
    "full stem20 s2 relu mean | plain k3 d1 w32 | plain k3 d1 w48 | plain k3 d1 w64",
    "full stem24 s2 relu mean | inverted3 k3 d1 w24 | inverted3 k3 d2 w48 | inverted3 k3 d1 w64",
)  # hand-made, from common practice; changed for what comes later
DESIGNED = (
    (BASES[1], {"flips": "mirror"}),
    (BASES[1], {"flips": "turns"}),
    ("double lite4 s1 relu quarters | plain k3 d1 w48 | plain k3 d1 w64", {"flips": "mirror", "mix": 0.2}),
    ("full lite4 s1 relu quarters | plain k3 d1 w48 | plain k3 d1 w64", {"flips": "mirror", "mix": 0.2}),
    (BASES[1], {"learning_rate": 0.016}),
    (BASES[1], {"flips": "mirror", "mix": 0.2}),
    (f"full stem16 s2 relu quarters | {RESNET}", {"flips": "mirror"}),
    ("full stem32 s2 relu mean | residual k3 d1 w32 | residual k3 d1 w64", {"flips": "mirror"}),
    ("full lite4 s1 relu quarters | residual k3 d1 w48", {"flips": "none", "mix": 0.0}),
    (BASES[1], {"learning_rate": 0.032}),
    (BASES[1], {"batch_size": 32, "learning_rate": 0.016}),
    (BASES[1], {"flips": "mirror", "cutout": 0.25}),
    (
        "full stem32 s2 relu mean | plain k3 d1 w32 | plain k3 d2 w48 | plain k3 d1 w64",
        {"flips": "mirror", "learning_rate": 0.016},
    ),
    (f"full stem16 s2 silu mean | {RESNET}", {"flips": "mirror", "learning_rate": 0.016}),
    (f"full stem16 s1 relu mean | {RESNET}", {"flips": "mirror", "learning_rate": 0.016}),
    ("double lite6 s1 relu quarters | plain k3 d1 w16", {"flips": "mirror", "mix": 0.2}),
    (f"half stem16 s1 relu mean | {RESNET}", {"flips": "mirror"}),
)  # recipes and stems that competent people would try


def pairs(space: SearchSpace) -> Iterator[Candidate]:
    """The same pairs for every set: hand-made ones first, then uniform draws and changed hand-made ones in turn."""
    known = [Candidate(space.from_text(text), "base") for text in BASES]
    yield from known
    for text, values in DESIGNED:
        yield Candidate(space.from_text(text), "designed", recipe={**Recipe().to_data(), **values})
    number = 0
    while True:
        number += 1
        random = rng(0, "flywheel pairs", number)
        if number % 3 == 0:
            arch, origin = space.sample(random), "uniform"
        else:
            arch, origin = known[int(random.integers(len(known)))].arch, "changed"
            for _ in range(int(random.integers(1, 5))):
                near = list(space.neighbors(arch))
                arch = near[int(random.integers(len(near)))]
        recipe = Recipe()
        for _ in range(int(random.integers(4))):
            recipe = recipe.changed(random)
        yield Candidate(arch, origin, recipe=recipe.to_data())


def fits(space: SearchSpace, arch: Architecture, task: Task) -> bool:
    with torch.device("meta"):
        return sum(p.numel() for p in space.build(arch, task).parameters()) <= PARAMS


CACHES = StemCaches(0)  # none is shared: each training pays for its stem


def learned(space: SearchSpace, candidate: Candidate, task: Task, seconds: float) -> tuple[Training, Judged]:
    """A training at its end, and what it was worth when its rate began to fall.

    Raises:
        ScoreFailed: it diverged or was too slow.
    """
    network = whitened(build(space, candidate.arch, task, 0), task)
    training = Training(network, task, Recipe.from_data(candidate.recipe), caches=CACHES)
    total = len(task.data("train").labels)
    training.advance(Leg("trial", seconds=0.08 * seconds))
    if not network.frozen and training.examples / 0.08 < SLOW * total:
        raise ScoreFailed(f"too slow: {training.examples / 0.08 / total:.1f} passes in {seconds:g} seconds")
    middle = training.advance(Leg("race", seconds=(1 - DECAY - 0.08) * seconds))
    training.advance(Leg("final", seconds=DECAY * seconds, decay=True))
    return training, middle


def trained(space: SearchSpace, candidate: Candidate, task: Task, seconds: float) -> Measurement | ScoreFailed:
    try:
        training, middle = learned(space, candidate, task, seconds)
    except ScoreFailed as failure:
        return failure
    _, accuracy, loss = training.curve[-1]
    value = accuracy if math.isfinite(loss) else 0.0
    curve, count = (middle.value, value), len(task.data("val").labels)
    return Measurement("accuracy", value, training.seconds, curve=curve, examples=count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=80)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--sets", nargs="+", default=list(sets()))
    args = parser.parse_args()
    torch.set_num_threads(1)
    keep_memory()
    clock.now = time.process_time
    space: SearchSpace = registry.create("spaces", "conv_net")
    tasks = {name: registry.create("tasks", sets()[name]) for name in args.sets}
    ledgers = {name: Ledger(Path(__file__).parent / "ledgers" / f"conv_net-{name}.jsonl") for name in args.sets}
    streams = {name: pairs(space) for name in args.sets}
    for name, ledger in ledgers.items():
        if ledger.find("request") is None:
            ledger.append({"kind": "request", "id": "request", "request": {"task": wire.to_data(sets()[name])}})
    for number in range(args.pairs):
        for name, task in tasks.items():
            candidate = next(c for c in streams[name] if fits(space, c.arch, task))
            identity = f"flywheel {candidate.key} {args.seconds:g}"
            if ledgers[name].find(identity) is not None:
                continue
            result = trained(space, candidate, task, args.seconds)
            if ledgers[name].find(f"candidate {candidate.key}") is None:
                ledgers[name].append({"kind": "candidate", "id": f"candidate {candidate.key}", "key": candidate.key,
                                      "candidate": wire.to_data(candidate)})  # fmt: skip
            event = {"kind": "measurement", "id": identity, "key": candidate.key, "scorer": "flywheel"}
            done = (
                {"failure": str(result)} if isinstance(result, ScoreFailed) else {"measurement": wire.to_data(result)}
            )
            ledgers[name].append(event | done)
            print(number, name, space.to_text(candidate.arch), getattr(result, "curve", result), flush=True)


if __name__ == "__main__":
    np.seterr(all="raise")
    main()

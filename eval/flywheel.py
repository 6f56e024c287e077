"""Makes the training data of the conv_net models: short trainings of random networks, kept as ledgers.

The models' cards (models/*-conv_net/README.md) name the ledgers they were fitted to, and the command.

    python eval/flywheel.py digits 300
    python eval/flywheel.py cifar10:limit=3000 120     (needs GENAS_DATA)

One ledger per task in eval/ledgers/. Stopped and started again it goes on where it was. Only the training and the
validation split are read.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from genas.core import registry, wire
from genas.core.ledger import Ledger
from genas.core.meter import Meter
from genas.core.records import Candidate, Use
from genas.core.rng import rng

LIMIT = 150_000  # weights: the range that the models are made for
EPOCHS = 4


def main(task_text: str, count: int) -> None:
    name, _, rest = task_text.partition(":")
    options = {k: int(v) if v.isdigit() else v for k, v in (pair.split("=") for pair in rest.split(",") if pair)}
    task, space = registry.create("tasks", Use(name, options)), registry.create("spaces", "conv_net")
    ledger = Ledger(Path(__file__).parent / "ledgers" / f"conv_net-{name}.jsonl")
    if ledger.find("request") is None:
        ledger.append({"kind": "request", "id": "request", "request": {"task": wire.to_data(Use(name, options))}})
    use = Use("short_train", {"epochs": EPOCHS})
    short = Meter(registry.create("scorers", use, space=space, task=task, device="cpu"), use, ledger)
    params = registry.create("scorers", "params", space=space, task=task)
    done = asked = 0
    while done < count:
        arch = space.sample(rng(0, f"flywheel {name}", asked))
        asked += 1
        if params.score(arch).value > LIMIT:
            continue
        done += 1
        if ledger.find(f"candidate {arch.key}") is None:
            ledger.append({
                "kind": "candidate", "id": f"candidate {arch.key}", "key": arch.key,
                "candidate": wire.to_data(Candidate(arch, "uniform")),
            })  # fmt: skip
        start = time.perf_counter()
        (result,) = short.measure([arch])
        print(
            done,
            space.to_text(arch),
            getattr(result, "value", result),
            f"{time.perf_counter() - start:.1f} s",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", help="with options behind a colon, as cifar10:limit=3000")
    parser.add_argument("count", type=int, help="networks in the ledger")
    given = parser.parse_args()
    main(given.task, given.count)

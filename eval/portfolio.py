"""Chooses the pairs of architecture and recipe that start every race, from the ledgers of `eval/flywheel.py`.

    python eval/portfolio.py [--write]

Greedy, after Feurer et al. (Auto-sklearn 2.0, JMLR 2022, section 3): the next pair is the one that most reduces the gap
to each set's best pair, if the best chosen pair were known for each set. Validation accuracies only. Pairs are taken
alternately from two lists, one of all pairs and one of those trained from scratch, so that half of the pairs remain for a
race without pretrained stems. The small ResNet comes first, because it is what one would choose by hand; a version with
stem stride 1 is always included, because slow but good networks have no chance in the flywheel's short trainings.
`--write` writes the list to models/portfolio-conv_net/; otherwise it is only shown, with what a list that was chosen
without a set loses on it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import record

from genas.core import registry, wire
from genas.core.ledger import Ledger
from genas.core.records import Candidate, Measurement

ROOT = Path(__file__).parent.parent
LEAST = 5  # sets that a pair must have been trained on
COUNT = 8
RESNET = "residual k3 d1 w16 | residual k3 d1 w32 | residual k3 d1 w64"
ALWAYS = tuple(f"full stem16 {stride} relu mean | {RESNET}" for stride in ("s2", "s1"))


def read() -> tuple[dict[str, dict[str, float]], dict[str, Candidate]]:
    """The accuracies of each set by pair, and the pairs; a pair that was too slow for a set has 0 there."""
    figures: dict[str, dict[str, float]] = {}
    pairs: dict[str, Candidate] = {}
    for path in sorted((ROOT / "eval" / "ledgers").glob("conv_net-*.jsonl")):
        found = figures.setdefault(path.stem.removeprefix("conv_net-"), {})
        for event in Ledger(path, follow=True).read():
            if event["kind"] == "candidate":
                pairs[event["key"]] = wire.from_data(Candidate, event["candidate"])
            elif event["kind"] == "measurement":
                measured = event.get("measurement")
                found[event["key"]] = 0.0 if measured is None else wire.from_data(Measurement, measured).value
    return figures, pairs


def greedy(figures: dict[str, dict[str, float]], pool: Sequence[str], count: int) -> list[str]:
    """The pairs in the order chosen: least mean loss to the best of each set."""
    best = {name: max(found[key] for key in pool if key in found) for name, found in figures.items()}
    lost = dict.fromkeys(figures, 1.0)
    chosen: list[str] = []

    def after(key: str) -> float:
        return sum(min(lost[name], best[name] - found.get(key, 0.0)) for name, found in figures.items())

    for _ in range(min(count, len(pool))):
        key = min((k for k in pool if k not in chosen), key=lambda k: (after(k), -mean(figures, k)))
        chosen.append(key)
        lost = {name: min(lost[name], best[name] - found.get(key, 0.0)) for name, found in figures.items()}
    return chosen


def mean(figures: dict[str, dict[str, float]], key: str) -> float:
    known = [found[key] for found in figures.values() if key in found]
    return sum(known) / len(known)


def merged(lists: Sequence[Sequence[str]], count: int) -> list[str]:
    """The lists taken in turn, each pair once."""
    turns = [key for keys in zip(*lists, strict=False) for key in keys]
    return list(dict.fromkeys(turns))[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    figures, pairs = read()
    space = registry.create("spaces", "conv_net")
    pool = [key for key in pairs if sum(key in found for found in figures.values()) >= LEAST]
    scratch = [key for key in pool if not pairs[key].arch.ops[2].startswith("lite")]

    def choose(known: dict[str, dict[str, float]]) -> list[str]:
        chosen = merged([greedy(known, pool, COUNT), greedy(known, scratch, COUNT)], COUNT)
        texts = {space.to_text(pairs[key].arch) for key in chosen}
        missing = [[k for k in pool if space.to_text(pairs[k].arch) == text] for text in ALWAYS if text not in texts]
        best = [max(keys, key=lambda k: mean(known, k)) for keys in missing]
        chosen = chosen[: COUNT - len(best)] + best
        first = next(key for key in chosen if space.to_text(pairs[key].arch) == ALWAYS[0])
        return [first, *(key for key in chosen if key != first)]

    chosen = choose(figures)
    names = sorted(figures)
    lines = ["| pair | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(names)]
    for key in [*chosen, *(k for k in sorted(pool, key=lambda k: -mean(figures, k))[:12] if k not in chosen)]:
        cells = [f"{figures[name][key]:.3f}" if key in figures[name] else "-" for name in names]
        values = pairs[key].recipe or "default recipe"
        mark = "**" if key in chosen else ""
        lines.append(f"| {mark}{space.to_text(pairs[key].arch)}{mark}; {values} | " + " | ".join(cells) + " |")
    lost = {}
    for name in names:
        others = choose({other: found for other, found in figures.items() if other != name})
        lost[name] = max(figures[name].get(k, 0.0) for k in pool) - max(figures[name].get(k, 0.0) for k in others)
    about = (
        f"{len(pool)} pairs, each trained for the same CPU seconds on {len(names)} sets (`eval/flywheel.py`), validation "
        "accuracy; bold pairs start every race, in this order. Chosen without a set, the list would lose on it: "
        + ", ".join(f"{name} {value:.3f}" for name, value in lost.items()) + ".\n\n"
    )  # fmt: skip
    if not args.write:
        print(about + "\n".join(lines))
        return
    entries = []
    for key in chosen:
        text, recipe = space.to_text(pairs[key].arch), pairs[key].recipe
        hand = text.endswith(RESNET) and " lite" not in text
        note = "hand-made: small ResNet" if hand else "a pair that did well on many data sets"
        entries.append({"text": text, "recipe": recipe, "origin": "reference" if hand else "portfolio", "note": note})
    folder = ROOT / "models" / "portfolio-conv_net"
    (folder / "portfolio.json").write_text(json.dumps(entries, indent=1) + "\n")
    record.write("portfolio", "The pairs that start every race", about + "\n".join(lines), figures, 0.0)


if __name__ == "__main__":
    main()

"""Many phrasings of each rule in English, German and French, one a line of phrasings.txt, written beside the rules.

A line is `sentence ## reading`: `R` for one that must be refused, else the task with its options, limits such as
`p<999` (p params, l latency_ms, a accuracy, s size_mb, m memory_mb, e energy_mj, f flops, x perplexity, r roc_auc), and
obj=, dev=, sec=, tr=, ep=, seed= where they differ from the default. `or R`: a refusal is as good.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.interfaces import Interpreter
from genas.core.records import Request

LINES = (Path(__file__).parent / "phrasings.txt").read_text().splitlines()
METRICS = {"p": "params", "l": "latency_ms", "a": "accuracy", "s": "size_mb", "m": "memory_mb", "e": "energy_mj",
           "f": "flops", "x": "perplexity", "r": "roc_auc"}  # fmt: skip


def wanted(reading: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"task": "", "obj": None, "dev": "auto", "sec": None, "tr": None, "ep": None, "seed": 0.0}
    limits: dict[str, list[float | None]] = {}
    for part in reading.split():
        if part[0] in METRICS and part[1:2] in {"<", ">"}:
            limits.setdefault(METRICS[part[0]], [None, None])["><".index(part[1])] = float(part[2:])
        elif (key := part.partition("=")[0]) in fields and "=" in part:
            value = part.partition("=")[2]
            fields[key] = (
                [METRICS[c] for c in value.split(",")] if key == "obj" else value if key == "dev" else float(value)
            )
        else:
            fields["task"] = part
    quality = "perplexity" if fields["task"].startswith("hwgpt") else "accuracy"
    return {**fields, "obj": fields["obj"] or [quality], "limits": rounded(limits)}


def found(request: Request) -> dict[str, Any]:
    options = dict(request.task.options)
    device = options.pop("latency_device", None) or request.device
    words = ["x".join(map(str, v)) if isinstance(v, list) else str(v) for _, v in sorted(options.items())]
    return {
        "task": ":".join([request.task.name, *words]),
        "obj": [objective.metric for objective in request.objectives],
        "dev": device,
        "sec": request.budget.seconds,
        "tr": request.budget.trials,
        "ep": request.validator.options.get("epochs"),
        "seed": request.seed,
        "limits": rounded({c.metric: [c.at_least, c.at_most] for c in request.constraints}),
    }


def rounded(limits: dict[str, list[float | None]]) -> dict[str, list[float | None]]:
    return {m: [None if end is None else float(f"{end:.6g}") for end in ends] for m, ends in limits.items()}


def test_every_phrasing_is_read_right() -> None:
    exact: Interpreter = registry.create("interpreters", "exact")
    wrong = []
    for line in LINES:
        sentence, _, reading = (part.strip() for part in line.rpartition(" ## "))
        try:
            got: Any = found(exact.read(sentence))
        except RequestError:
            got = "R"
        want = (
            "R"
            if reading == "R" or (got == "R" and reading.endswith(" or R"))
            else wanted(reading.removesuffix(" or R"))
        )
        if got != want:
            wrong.append((sentence, got, want))
    assert not wrong


def test_there_is_something_to_read() -> None:
    assert len(LINES) > 600
    assert sum(line.endswith("## R") for line in LINES) > 100

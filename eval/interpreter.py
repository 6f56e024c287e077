"""Does the exact interpreter read sentences correctly? Exact match per field, and 10,000 hostile strings.

    python eval/interpreter.py                       (all halves, field by field)
    python eval/interpreter.py --failures            (shows failures of the tuning halves; the others stay unread)
    python eval/interpreter.py --fuzz 10000 --write  (also the fuzzing, and the figures into eval/results)

The sentences of eval/sentences were written before the rules were tuned on them, each set by someone who had not seen
the rules. Rules were tuned on `tuning` (half of the first set) and on all of the later sets, which were held out at
first. Sentences read entirely correctly at first sight: third set 94.1 %, fourth 90.9 %, fifth 90.0 %, sixth 91.9 %. Now
held out are `aside`, the other half of the first set, which was measured many times, and `seventh_aside`, measured when
the rules were finished (and again, with the same figures, once paths to tables were read). Failures in these two were
never looked at. Everything runs offline and without a chat model.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from pathlib import Path
from typing import Any

import record

from genas.core import registry
from genas.core.errors import GenasError
from genas.core.interfaces import Interpreter
from genas.core.records import Request

FOLDER = Path(__file__).parent / "sentences"
TUNED = ("tuning", "third_tuning", "fourth_tuning", "fifth_tuning", "sixth_tuning")
HALVES = (*TUNED, "aside", "seventh_aside")
FIELDS = ("refused", "task", "data", "limits", "objectives", "device", "budget")
PIECES = [
    "digits", "mnist", "at most", "between", "50k", "1e999", "-3", "%", "ms", "MB", "MACs", "<=", "²", "½", "٣", "\x00", "\x1b[2J", "\u202e",
    "\ud7ff", "🙂", "höchstens", "moins de", "1.000,5", "million", "(", '"', "'", "`", "{{", "}}", "\\", "/", "../..", "\n", "\t", "64x64", "classes",
]  # fmt: skip
HUGE = ["x" * 2**20, "1" * 2**20, "digits " * 150_000, "🙂" * 2**18, "at most 5 ms " * 80_000, "\x00" * 2**20]


def facts(request: Request) -> tuple[Any, Any, Any]:
    """Modality, input shape and outputs, from the options or from the task itself (its data stay untouched)."""
    if request.task.name == "images":
        return "image", None, None
    task = registry.create("tasks", request.task)
    return task.modality, list(task.input_shape), task.outputs


def found(interpreter: Interpreter, sentence: str) -> dict[str, Any]:
    """The fields of a reading, or that it was refused and why."""
    try:
        return read(interpreter.read(sentence))
    except GenasError as refusal:
        return {"refused": True, "why": str(refusal)}


def read(request: Request) -> dict[str, Any]:
    """What a request asks for, field by field."""
    options = dict(request.task.options)
    device = options.pop("latency_device", None) or request.device
    if request.task.name == "described":
        data = tuple(options.pop(key, None) for key in ("modality", "input_shape", "outputs"))
    else:
        data = facts(request)
    return {
        "refused": False,
        "task": [request.task.name, options],
        "data": list(data),
        "limits": {c.metric: [c.at_least, c.at_most] for c in request.constraints},
        "objectives": [[o.metric, o.goal] for o in request.objectives],
        "device": "auto" if device == "published" else device,
        "budget": [request.budget.seconds, request.budget.trials],
    }


def wanted(row: dict[str, Any]) -> dict[str, Any]:
    """The same fields as the label has them."""
    if row.get("refused"):
        return {"refused": True}
    return {
        "refused": False,
        "task": [row["task"], row["options"]],
        "data": [row.get("modality"), row.get("input_shape"), row.get("outputs")],
        "limits": row["limits"],
        "objectives": row["objectives"],
        "device": row.get("device", "auto"),
        "budget": [row.get("seconds"), row.get("trials")],
    }


def same(a: Any, b: Any) -> bool:
    """Equal, floats to nine digits."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= 1e-9 * max(1.0, abs(a), abs(b))
    return bool(a == b)


def judge(interpreter: Interpreter, half: str, show: bool) -> dict[str, float]:
    """Shares of right fields, of wholly right sentences, and of readings with no wrong number."""
    rows = [json.loads(line) for line in (FOLDER / f"{half}.jsonl").read_text().splitlines()]
    right = dict.fromkeys((*FIELDS, "whole", "numbers"), 0)
    counted = dict.fromkeys(right, 0)
    for row in rows:
        got, want = found(interpreter, row["text"]), wanted(row)
        if row.get("or_refused") and got["refused"]:
            want = {"refused": True}
        hits = {field: field in got and same(got[field], want[field]) for field in FIELDS if field in want}
        hits["whole"] = all(hits.values())
        if not want["refused"] and not got["refused"]:  # of what was read, no figure may be wrong
            hits["numbers"] = hits["limits"] and hits["budget"]
        for field, hit in hits.items():
            right[field] += hit
            counted[field] += 1
        if show and not hits["whole"]:
            wrong = {k: (got.get(k), want[k]) for k, hit in hits.items() if k in want and not hit}
            print("-", row["text"], "\n    ", got.get("why") if got["refused"] else wrong)
    return {field: right[field] / counted[field] for field in right} | {"n": len(rows)}


def hostile(count: int, seed: int) -> list[str]:
    """Random strings, the first of them of a megabyte."""
    random_ = random.Random(seed)
    return [*HUGE, *(hostile_text(random_) for _ in range(count - len(HUGE)))][:count]


def hostile_text(random_: random.Random) -> str:
    """Any code points, or pieces of requests and control characters."""
    if random_.random() < 0.4:
        points = (
            random_.choice((random_.randrange(1, 128), random_.randrange(1, 0xD7FF)))
            for _ in range(random_.randrange(80))
        )
        return "".join(map(chr, points))
    return random_.choice(("", " ")).join(random_.choices(PIECES, k=random_.randrange(1, 14)))


def fuzz(interpreter: Interpreter, count: int) -> dict[str, float]:
    """Milliseconds per string; anything but a reading or a GenasError ends the script with its traceback."""
    times, read = [], 0
    for text in hostile(count, 0):
        start = time.perf_counter()
        try:
            interpreter.read(text)
            read += 1
        except GenasError as refusal:
            if not str(refusal) or len(str(refusal)) > 2000:
                raise AssertionError(f"a refusal of {len(str(refusal))} characters") from refusal
        times.append(1e3 * (time.perf_counter() - start))
    return {"strings": count, "read": read, "median_ms": statistics.median(times), "p99_ms": sorted(times)[int(0.99 * count)], "max_ms": max(times)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fuzz", type=int, default=0, help="so many hostile strings")
    parser.add_argument("--failures", action="store_true", help="show failures of the tuning halves, and read no other")
    parser.add_argument("--write", action="store_true", help="write eval/results/interpreter.json")
    arguments = parser.parse_args()
    start = time.perf_counter()
    interpreter: Interpreter = registry.create("interpreters", "exact")
    shown = TUNED if arguments.failures else HALVES
    halves = {half: judge(interpreter, half, arguments.failures) for half in shown}
    columns = (*FIELDS, "whole", "numbers")
    lines = ["| half | sentences | " + " | ".join(columns) + " |", "| --- " * (len(columns) + 2) + "|"]
    for half, shares in halves.items():
        lines.append(f"| {half} | {shares['n']:.0f} | " + " | ".join(f"{100 * shares[c]:.1f}" for c in columns) + " |")
    figures: dict[str, Any] = dict(halves)
    text = "Per cent right. `numbers`: of the sentences read, those without a wrong limit or budget.\n\n" + "\n".join(
        lines
    )
    if arguments.fuzz:
        figures["fuzz"] = fuzz(interpreter, arguments.fuzz)
        text += (
            "\n\nHostile strings: " + ", ".join(f"{k} {v:.4g}" for k, v in figures["fuzz"].items()) + "; no traceback."
        )
    if arguments.write:
        record.write(
            "interpreter", "Sentences read by the exact interpreter", text, figures, time.perf_counter() - start
        )
    else:
        print(text)


if __name__ == "__main__":
    main()

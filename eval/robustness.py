"""How genas handles odd, damaged or hostile input, and runs that are killed or damaged: numbers of attempts and failures.

    python eval/robustness.py                                (an hour and a half on one core; no data are needed)
    python eval/robustness.py --only sentences data --sentences 500 --data 100
    python eval/robustness.py --table                        (only writes what has been tried so far)

Each attempt depends only on its number and the seed (`eval/tries`). It runs in a child process with a limit on CPU time
and writes one line of --out; a restarted script resumes. A failure is an exception other than GenasError, a hang, a
crash of the process, or an input that is silently misread. Where the truth is known (a composed sentence, a table with
known rows, the report of an undisturbed run), the outcome is compared with it; otherwise it must be a reading, or one
error that says what to do.
"""

from __future__ import annotations

import argparse
import importlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import record
from tries import REFUSED, RIGHT, Wrong

FAILED = "failed"
MODULES = {"sentences": "sentences", "requests": "requests", "data": "data", "kills": "killed", "flips": "flips"}
TRIES = {"sentences": 10_000, "requests": 2_000, "data": 1_000, "kills": 50, "flips": 1_500}
NAMED = {
    "sentences": "sentences: composed, changed, foreign, hostile", "requests": "request files: in another guise, with odd values, damaged",
    "data": "data files: in many forms, damaged", "kills": "kills of a race, 5 each", "flips": "flipped bits of a run's folder, resumed",
}  # fmt: skip
BATCH = {"sentences": 500, "requests": 200, "data": 100, "kills": 1, "flips": 50}  # tries of one child process
EACH = {"kills": 5}  # of what is counted in one try
CPU, CLOCK = {"kills": 300}, {"kills": 1800}  # seconds of a try, with what a child process needs to begin
MOST_CPU, MOST_CLOCK = 60, 600  # of the others
MEMORY = 12 * 2**30  # bytes of a child process
SHOWN, KEPT = 300, 4000  # characters of a failure, in the table and in the results


def numbers(kind: str, count: int) -> range:
    """The numbers of the tries that make up a count."""
    return range(-(-count // EACH.get(kind, 1)))


def batch(kind: str, first: int, last: int, seed: int, out: Path) -> None:
    """In a child process: make these tries, a line of the results for each. What one raises ends the process."""
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    attempt = importlib.import_module(f"tries.{MODULES[kind]}").attempt
    for number in range(first, last):
        bound(CPU.get(kind, MOST_CPU), CLOCK.get(kind, MOST_CLOCK))
        place = out.parent / f"{out.stem}-{kind}-{number}"
        shutil.rmtree(place, ignore_errors=True)  # what a stopped run left
        place.mkdir(parents=True)
        start = time.process_time()
        try:
            outcome, why = attempt(random.Random(f"{seed} {kind} {number}"), place), ""
        except Wrong as wrong:
            outcome, why = FAILED, f"silently wrong: {wrong}"
        finally:
            shutil.rmtree(place, ignore_errors=True)
        seconds = time.process_time() - start
        record.add(out, row_of(kind, number, seed, outcome, why=why, seconds=seconds))


def bound(cpu: int, clock: int) -> None:
    """Let the system end this process (SIGXCPU, SIGALRM) if the next try takes longer, whatever it does."""
    used = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + cpu, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    signal.alarm(clock)


def row_of(kind: str, number: int, seed: int, outcome: str, *, why: str = "", seconds: float = 0.0) -> dict[str, Any]:
    row = {"kind": kind, "number": number, "seed": seed, "outcome": outcome, "seconds": round(seconds, 3)}
    return row | ({"why": why} if why else {})


def tried(out: Path, seed: int) -> dict[str, dict[int, dict[str, Any]]]:
    """The results so far, by kind and number."""
    found: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in TRIES}
    for row in record.rows(out):
        if row["seed"] == seed:
            found[row["kind"]][row["number"]] = row
    return found


def unmade(part: range, kind: str, seed: int, out: Path) -> list[int]:
    """Numbers of the part that have no result yet."""
    made = tried(out, seed)[kind]
    return [number for number in part if number not in made]


def make(kind: str, part: range, seed: int, out: Path) -> None:
    """Make the tries of a part that are not made yet; one that ends its process is a failure, and the next goes on."""
    while missing := unmade(part, kind, seed, out):
        first, last = missing[0], part.stop
        command = [
            sys.executable,
            __file__,
            "--batch",
            kind,
            str(first),
            str(last),
            "--seed",
            str(seed),
            "--out",
            str(out),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        left = unmade(part, kind, seed, out)
        if done.returncode and left:
            if done.returncode in (-signal.SIGINT, -signal.SIGTERM, 130):
                sys.exit("A child process was ended from outside; the same command goes on.")
            ends = {-signal.SIGXCPU: "hang: over its CPU time", -signal.SIGALRM: "hang: over its time"}
            why = ends.get(done.returncode, f"the process ended with {done.returncode}:\n{done.stderr[-KEPT:]}")
            record.add(out, row_of(kind, left[0], seed, FAILED, why=why))
            shutil.rmtree(out.parent / f"{out.stem}-{kind}-{left[0]}", ignore_errors=True)


def table(out: Path, seed: int, counts: dict[str, int]) -> tuple[str, dict[str, Any], float]:
    """Markdown, figures and seconds of what was tried."""
    lines = [
        "| | tries | right | refused | failures | slowest try, CPU s |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    figures: dict[str, Any] = {}
    seconds = 0.0
    for kind, found in tried(out, seed).items():
        rows = {number: row for number, row in found.items() if number in numbers(kind, counts[kind])}
        if not rows:
            continue
        each = EACH.get(kind, 1)
        by = {
            outcome: each * sum(row["outcome"] == outcome for row in rows.values())
            for outcome in (RIGHT, REFUSED, FAILED)
        }
        slowest = max(row["seconds"] for row in rows.values())
        tries = f"{each * len(rows):,}" + (
            "" if len(rows) == len(numbers(kind, counts[kind])) else f" of {counts[kind]:,}"
        )
        lines.append(f"| {NAMED[kind]} | {tries} | {by[RIGHT]:,} | {by[REFUSED]:,} | {by[FAILED]:,} | {slowest:.1f} |")
        failed = [
            {"number": n, "why": row["why"][-SHOWN:] if "\n" in row["why"] else row["why"][:SHOWN]}
            for n, row in sorted(rows.items())
            if row["outcome"] == FAILED
        ]
        figures[kind] = {"tries": each * len(rows), **by, "slowest": slowest, "failures": failed}
        seconds += sum(row["seconds"] for row in rows.values())
    text = (
        "Failures are exceptions that are no GenasError, hangs, dead processes, and what was taken without a word for "
        "something else than it is; refused is one error that says what to write or do. "
        + "A killed race and a resumed "
        "run are right where their report is that of an undisturbed one.\n\n" + "\n".join(lines)
    )
    return text, figures, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=TRIES, default=list(TRIES), help="try these only")
    for kind, count in TRIES.items():
        parser.add_argument(f"--{kind}", type=int, default=count, help=f"how many; {count:,} where nothing is said")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="child processes at a time")
    parser.add_argument(
        "--out", type=Path, default=Path("runs/robustness/tries.jsonl"), help="the results, a line a try"
    )
    parser.add_argument("--table", action="store_true", help="try nothing, write the table of what was tried")
    parser.add_argument("--batch", nargs=3, metavar=("KIND", "FIRST", "LAST"), help="make these tries in this process")
    args = parser.parse_args()
    if args.batch:
        kind, first, last = args.batch
        batch(kind, int(first), int(last), args.seed, args.out)
        return
    counts = {kind: getattr(args, kind) for kind in TRIES}
    for kind in [] if args.table else args.only:
        whole, size = numbers(kind, counts[kind]), BATCH[kind]
        parts = [whole[place : place + size] for place in range(0, len(whole), size)]
        with ThreadPoolExecutor(args.workers) as pool:
            for part, _ in zip(
                parts, pool.map(lambda part, kind=kind: make(kind, part, args.seed, args.out), parts), strict=True
            ):
                failed = sum(row["outcome"] == FAILED for row in tried(args.out, args.seed)[kind].values())
                print(f"{kind}: {part.stop} of {len(whole)}, {failed} failed", flush=True)
    text, figures, seconds = table(args.out, args.seed, counts)
    record.write("robustness", "Odd, damaged and hostile input; killed and damaged runs", text, figures, seconds)


if __name__ == "__main__":
    main()

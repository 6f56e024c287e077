"""A race that is killed again and again, compared with an undisturbed one.

    python eval/kills.py --kills 20 --each 5         (a quarter of an hour; no data are needed)

A race on digits counted in trials, with one process and with two workers, is ended by SIGKILL (with its workers) at
random moments and restarted, several times, until it may finish. Its report is then compared with that of an undisturbed
race: every network and every figure except seconds. A race counted in seconds is killed in the same way; the total
lifetime of its processes beyond the budget is the cost of the kills.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import record

GOAL = "A classifier for 8x8 grayscale handwritten digits, 10 classes, under 20k parameters, accuracy first"
COUNTED = (f"{GOAL}, train for 12 epochs", "--budget", "8 trials")
SECONDS = 60
TIMED = (GOAL, "--budget", f"{SECONDS} seconds")
EXECUTORS = ("serial:threads=1", "processes:workers=2,threads=1")
VOLATILE = {"seconds", "executor"}  # keys whose values no two runs share, or that differ on purpose


def begun(folder: Path, executor: str, options: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """The command line of a user, in a process group of its own."""
    command = [sys.executable, "-m", "genas", "design", "--executor", executor, "--out", str(folder), *options]
    with (folder.parent / f"{folder.name}.log").open("ab") as log:
        return subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )


def killed(folder: Path, executor: str, options: tuple[str, ...], lives: list[float]) -> float:
    """Let the race live for each of so many seconds, then until it ends.

    Returns:
        The seconds that all its processes lived.

    Raises:
        RuntimeError: it ended by itself with another exit code than 0.
    """
    total = 0.0
    for life in [*lives, None]:
        start = time.monotonic()
        process = begun(folder, executor, options)
        try:
            code = process.wait(timeout=life)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = None
        total += time.monotonic() - start
        if code is not None:
            if code != 0:
                raise RuntimeError(f"exit code {code}: see {folder}.log")
            break
    return total


def report(folder: Path) -> Any:
    """What the report says, without the clock."""
    return _steady(json.loads((folder / "report.json").read_text()))


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(inner) for key, inner in value.items() if key not in VOLATILE and key != "text"}
    return [_steady(inner) for inner in value] if isinstance(value, list) else value


def events(folder: Path) -> int:
    """How many events of the ledger have the identity of an earlier one."""
    lines = [json.loads(line) for line in (folder / "ledger.jsonl").read_text().splitlines()]
    named = [line["id"] for line in lines if "id" in line]
    return len(named) - len(set(named))


def alone(place: Path, executor: str) -> tuple[Path, float]:
    """The folder of an undisturbed race counted in trials, made where it is not there, and the seconds it lived."""
    folder = place / f"{executor.partition(':')[0]}-alone"
    lived = folder / "lived.txt"
    if not lived.is_file():
        lived.write_text(str(killed(folder, executor, COUNTED, [])))
    return folder, float(lived.read_text())


def disturbed(place: Path, executor: str, number: int, kills: int, draw: random.Random) -> tuple[bool, int]:
    """Kill a race so many times and let it end: whether its report is the undisturbed one's, and events written twice."""
    undisturbed, whole = alone(place, executor)
    folder = place / f"{executor.partition(':')[0]}-{number}"
    killed(folder, executor, COUNTED, [draw.uniform(0.1, 0.8) * whole for _ in range(kills)])
    return report(folder) == report(undisturbed), events(folder)


def counted(place: Path, executor: str, kills: int, each: int, draw: random.Random) -> dict[str, Any]:
    """A race counted in trials, undisturbed and killed."""
    same = doubled = done = 0
    runs = -(-kills // each)
    for number in range(runs):
        now = min(each, kills - done)
        equal, twice = disturbed(place, executor, number, now, draw)
        done, same, doubled = done + now, same + equal, doubled + twice
        print(f"{executor}, run {number}: {'the same' if equal else 'differs'}", flush=True)
    seconds = alone(place, executor)[1]
    return {"executor": executor, "kills": done, "races": runs, "same": same, "doubled": doubled, "seconds": seconds}


def timed(place: Path, executor: str, kills: int, each: int, draw: random.Random) -> dict[str, Any]:
    """A race counted in seconds: what each kill cost beyond what the undisturbed race lives."""
    whole = killed(place / "timed-alone", executor, TIMED, [])
    costs = []
    for number in range(-(-kills // each)):
        folder = place / f"timed-{number}"
        lives = [draw.uniform(8, SECONDS / each) for _ in range(each)]
        costs.append((killed(folder, executor, TIMED, lives) - whole) / each)
        print(f"{SECONDS} seconds, run {number}: {costs[-1]:.1f} s a kill", flush=True)
    return {"executor": executor, "kills": each * len(costs), "costs": costs, "seconds": whole}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--each", type=int, default=5, help="kills of one race")
    args = parser.parse_args()
    start, draw = time.perf_counter(), random.Random(0)
    with tempfile.TemporaryDirectory(prefix="genas-kills-") as folder:
        races = [counted(Path(folder), executor, args.kills, args.each, draw) for executor in EXECUTORS]
        by_clock = timed(Path(folder), EXECUTORS[0], args.kills // 2, args.each, draw)
    lines = ["| executor | kills | races | the same report | events twice | seconds undisturbed |"]
    lines.append("| --- | ---: | ---: | ---: | ---: | ---: |")
    lines += [
        f"| {r['executor']} | {r['kills']} | {r['races']} | {r['same']} | {r['doubled']} | {r['seconds']:.0f} |"
        for r in races
    ]
    costs = by_clock["costs"]
    lines += ["", f"Counted in seconds ({SECONDS}), {by_clock['kills']} kills of {len(costs)} races: each cost "
              f"{median(costs):.1f} s [{min(costs):.1f}, {max(costs):.1f}] of a race's processes, the start anew "
              "included."]  # fmt: skip
    figures = {"counted": races, "timed": by_clock}
    record.write("kills", "Races that are killed", "\n".join(lines), figures, time.perf_counter() - start)


if __name__ == "__main__":
    main()

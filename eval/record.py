"""Records results in eval/results/<name>.json, with what it takes to reproduce them, and builds eval/README.md."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESULTS = Path(__file__).parent / "results"
HEAD = """# Figures

Written by the commands below (`eval/record.py` puts this page together from `eval/results/`); do not edit by hand.
Where several seeds stand behind a figure, it is `median [lowest, highest]` or says what it is. Tables of published
benchmarks are read from `GENAS_DATA` (`docs/data.md`).
"""


def rows(path: Path) -> list[dict[str, Any]]:
    """What `add` has written there so far; nothing where there is no file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def add(path: Path, row: Mapping[str, Any]) -> None:
    """One more line, so that a measurement that was stopped goes on from there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")


def write(name: str, title: str, table: str, figures: object, seconds: float) -> None:
    """Print the table, write it with its figures and their origin, and put the page together again.

    Args:
        table: Markdown, with whatever sentence a reader needs to understand it.
        seconds: what the measurement took.
    """
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False, cwd=RESULTS.parent).stdout.strip()
    content = {
        "title": title,
        "command": " ".join(["python", "eval/" + Path(sys.argv[0]).name, *sys.argv[1:]]),
        "commit": commit,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "seconds": round(seconds, 1),
        "table": table,
        "figures": figures,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")
    print(table)
    (RESULTS.parent / "README.md").write_text(page())


def save(figure: Figure, ylabel: str, path: Path) -> None:
    """Name the first panel's height, show its legend, and write the picture."""
    figure.axes[0].set_ylabel(ylabel)
    figure.axes[0].legend(fontsize=6, frameon=False)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=80)


def page() -> str:
    """The page of all results."""
    parts = [HEAD]
    for path in sorted(RESULTS.glob("*.json")):
        r = json.loads(path.read_text())
        parts.append(
            f"## {r['title']}\n\n    {r['command']}\n\nCommit {r['commit']}, {r['machine']}, {r['seconds']:.0f} s; raw "
            f"figures in `results/{path.name}`.\n\n{r['table']}\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    (RESULTS.parent / "README.md").write_text(page())

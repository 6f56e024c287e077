"""Where figures go: eval/results/<name>.json, with what is needed to get them again."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def origin(seconds: float) -> dict[str, object]:
    """Commit, machine, command and seconds of this measurement."""
    git = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=RESULTS.parent
    )
    return {
        "command": " ".join(["python", "eval/" + Path(sys.argv[0]).name, *sys.argv[1:]]),
        "commit": git.stdout.strip(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "python": platform.python_version(),
        "seconds": round(seconds, 1),
    }


def write(name: str, figures: object, seconds: float) -> Path:
    """Write the figures with their origin."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({**origin(seconds), "figures": figures}, indent=1) + "\n")
    return path

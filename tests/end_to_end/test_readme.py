"""The Python of the README and of the guide to studies runs as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import genas

README = Path(__file__).resolve().parents[2] / "README.md"
GUIDE = README.parent / "docs" / "study.md"


DESIGN, STUDY = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)


def output(code: str, place: Path) -> str:
    """What the code prints in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=place, capture_output=True, text=True, env=dict(os.environ), check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_design_runs(tmp_path: Path) -> None:
    accuracy, params = map(float, output(DESIGN, tmp_path).splitlines()[-1].split())
    assert accuracy > 0.5 and params < 20_000
    assert (tmp_path / "runs" / "readme" / "winner" / "model.onnx").is_file()


def test_the_study_runs(tmp_path: Path) -> None:
    network = output(STUDY, tmp_path).strip()
    assert 5_000 <= genas.score("digits", [network], scorers=["params"])[0].value("params") <= 20_000
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), flags=re.DOTALL)
    (tmp_path / "guide").mkdir()
    assert output(code + "print(best.value('objective'))", tmp_path / "guide").strip() == "6.0"

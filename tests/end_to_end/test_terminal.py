"""What the command line writes to a terminal, seen as bytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

NASTY = "\x1b]0;owned\x07\x1b[2Jcolumn"


def genas(*words: str | bytes, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "genas", *words], capture_output=True, check=False, cwd=cwd, timeout=240
    )


def test_a_column_in_an_error_is_not_obeyed(tmp_path: Path) -> None:
    rows = {NASTY: list(range(40)), "b": [n % 2 for n in range(40)]}
    pq.write_table(pa.table(rows), tmp_path / "t.parquet")
    result = genas("propose", "-n", "1", "Classify the rows of ./t.parquet, label nowhere", cwd=tmp_path)
    assert result.returncode == 2 and b"column" in result.stderr
    assert b"\x1b" not in result.stderr + result.stdout and b"\x07" not in result.stderr + result.stdout


def test_words_that_are_no_text_are_refused_in_a_line(tmp_path: Path) -> None:
    result = genas("interpret", b"digits \xff\xfe", cwd=tmp_path)
    assert result.returncode == 2 and b"lone surrogate" in result.stderr and b"Traceback" not in result.stderr

"""The file of tasks that docs/requests.md shows is one that a batch designs for."""

import re
from pathlib import Path

import genas

TEXT = (Path(__file__).parents[2] / "docs" / "requests.md").read_text()


def test_the_shown_tasks_are_designed_for(tmp_path: Path, bench_data: Path) -> None:
    (shown,) = (block for block in re.findall(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL) if "[[tasks]]" in block)
    (tmp_path / "tasks.toml").write_text(shown)
    rows = genas.batch(tmp_path / "tasks.toml", out=tmp_path / "runs")
    assert [row.error for row in rows] == [None, None]
    digits, cell = (row.report for row in rows)
    assert digits is not None and digits.winner is not None and digits.winner.value("params") < 20_000
    assert cell is not None and cell.winner is not None and cell.request.seed == 1 and cell.winner.value("params") < 1e6
    assert rows[0].folder.name.startswith("01-digits")

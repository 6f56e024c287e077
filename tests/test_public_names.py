"""What `import genas` offers: every name is there, typed, and loaded only when it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import genas

WANTED = [
    "design", "propose", "score", "validate", "batch", "fit", "interpret", "report", "Request", "Use", "Budget",
    "Constraint", "Objective", "Candidate", "Trial", "Report", "SearchSpace", "Task", "Proposer", "Scorer",
    "Validator",
]  # fmt: skip


def test_all_that_a_user_needs_is_named() -> None:
    assert set(WANTED) <= set(genas.__all__) and genas.__all__ == sorted(genas.__all__)
    assert set(genas.__all__) <= set(dir(genas))


@pytest.mark.parametrize("name", genas.__all__)
def test_each_name_is_what_it_says(name: str) -> None:
    assert getattr(genas, name).__name__ == name


def test_a_type_checker_sees_the_same_names() -> None:
    tree = ast.parse(Path(genas.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    imported = [alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(imported) == genas.__all__


def test_a_name_that_there_is_not_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'genas' has no attribute 'desing'"):
        _ = genas.desing  # type: ignore[attr-defined]


def test_the_verb_report_stays_a_verb_when_pages_are_written() -> None:
    import genas.reporting.page

    assert callable(genas.report) and genas.reporting.page.write


def test_importing_genas_and_its_records_loads_no_torch() -> None:
    code = "import sys, genas; genas.Request, genas.Scorer, genas.design; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

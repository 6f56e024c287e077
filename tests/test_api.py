"""The verbs of genas.api: what they refuse before anything is loaded or written, and who wins over whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from genas import api
from genas.core.errors import RequestError
from genas.core.records import Budget, Request, Use

GOAL = "A classifier for 8x8 handwritten digits under 20k parameters"


def test_known_fields_win_over_the_sentence_and_over_a_request() -> None:
    read = api.interpret(f"{GOAL}, 10 trials", budget="20 minutes", seed=3)
    assert read.budget == Budget(seconds=1200.0) and read.seed == 3 and read.goal.startswith(GOAL)
    again = api.interpret(GOAL, interpreter=Use("exact"), refiners=None)  # None is not known
    assert again.refiners


@pytest.mark.parametrize("n", [0, -1, 10_001, True, 2.0, "3"])
def test_a_number_of_candidates_that_can_not_be_is_refused(n: object) -> None:
    with pytest.raises(RequestError, match="n must be a whole number from 1 to 10,000"):
        api.propose(GOAL, n)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"sed": 1}, "no key 'sed'. Did you mean 'seed'"),
        ({"budget": "5 apples"}, "is no budget. Write for example"),
        ({"interpreter": "exakt"}, "Did you mean exact"),
        ({"llm": 5}, "llm must be text"),
        ({"scorers": ["parms"]}, "Did you mean params"),
    ],
)
def test_what_is_misspelt_is_named_with_what_to_write(known: dict[str, object], message: str) -> None:
    with pytest.raises(RequestError) as error:
        api.interpret(GOAL, **known)  # type: ignore[arg-type]
    assert message in str(error.value)


def test_what_is_neither_a_sentence_nor_a_request_is_refused() -> None:
    with pytest.raises(RequestError, match="A request is a sentence or a Request"):
        api.check({"goal": GOAL})  # type: ignore[arg-type]


def test_a_refused_design_leaves_no_file(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(RequestError):
        api.design(GOAL, out=out, executor="serial:2")
    request = Request("digits", Use("digits"), Use("nasbench_graph"), validator=Use("train"))
    with pytest.raises(RequestError):
        api.design(request, out=out, scorers=["params"], proposers=["uniform"])
    assert not out.exists() or list(out.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    ["", "goal = 'x'", "[[tasks]]\ngoal = 'x'\n[other]\n", "tasks = ['x']"],
    ids=["empty", "flat", "more", "words"],
)
def test_a_batch_file_without_tasks_is_told_what_it_must_hold(text: str, tmp_path: Path) -> None:
    file = tmp_path / "batch.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RequestError, match=r"must hold \[\[tasks\]\] entries"):
        api.batch(file)


def test_a_task_of_a_batch_that_fails_does_not_stop_the_next(tmp_path: Path) -> None:
    file = tmp_path / "batch.toml"
    file.write_text("[[tasks]]\ngoal = 'digits'\nsed = 1\n[[tasks]]\ngoal = ''\n", encoding="utf-8")
    rows = api.batch(file, out=tmp_path / "runs")
    assert [row.folder.name for row in rows] == ["01-digits", "02-task"]
    assert "no key 'sed'" in str(rows[0].error) and rows[1].error and not any(row.report for row in rows)

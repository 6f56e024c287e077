"""A search over a table: how much it looks up, what it chooses, how it ends, and how it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import tiny_table
from installed_package import installed_package

from genas.core.errors import RequestError
from genas.core.ledger import Ledger
from genas.core.progress import Silence
from genas.core.records import Budget, Constraint, Report, Request, Use
from genas.run.designer import Designer


@pytest.fixture(autouse=True)
def tiny_package(tmp_path: Path) -> Iterator[None]:
    """The installed package of the tiny table."""
    with installed_package(tmp_path / "site", "tiny", tiny_table.ENTRIES):
        yield


class Heard(Silence):
    """Remembers what each step said."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, text: str = "") -> None:
        self.steps.append(text)


def request(budget: Budget, *limits: Constraint, refiners: tuple[Use, ...] = (Use("local_search"),)) -> Request:
    return Request(
        "the best tiny network", Use("tiny_table"), Use("tiny"), budget=budget, constraints=limits, device="cpu",
        proposers=(Use("uniform"),), refiners=refiners, scorers=(Use("edges"), Use("table")), validator=Use("table"),
    )  # fmt: skip


def run(wanted: Request, ledger: Ledger | None = None, heard: Heard | None = None) -> Report:
    return Designer(wanted, Ledger() if ledger is None else ledger, heard).run()


def test_as_many_are_looked_up_as_the_budget_says_and_the_best_is_chosen() -> None:
    report = run(request(Budget(trials=12)))
    values = [value for trial in report.trials if (value := trial.value("accuracy")) is not None]
    assert len(values) == report.spent.trials == 12
    assert report.winner is not None and report.winner.value("accuracy") == max(values)
    assert report.winner.value("test_accuracy") == pytest.approx(max(values) - 0.1)


def test_a_hand_made_network_is_compared_and_tested_but_is_no_trial() -> None:
    report = run(request(Budget(trials=4)))
    (reference,) = report.references
    assert reference.candidate.arch == tiny_table.HAND_MADE and reference.value("test_accuracy") is not None
    assert all(trial.candidate.origin != "reference" for trial in report.trials)


def test_seconds_that_the_table_charges_end_the_search_and_leave_a_winner() -> None:
    heard = Heard()
    report = run(request(Budget(seconds=2000.0)), heard=heard)
    assert report.winner is not None and 3 <= report.spent.trials < 20
    assert "of 2000 seconds are spent" in " ".join(heard.steps)


def test_limits_that_nothing_keeps_are_told_with_the_closest_network() -> None:
    with pytest.raises(RequestError, match=r"keeps the limits \(edges <= 1\).*edges"):
        run(request(Budget(trials=4), Constraint("edges", at_most=1)))


def test_a_limit_that_hardly_any_network_keeps_is_climbed_to() -> None:
    report = run(request(Budget(trials=4), Constraint("edges", at_least=10)))
    assert report.winner is not None and report.winner.value("edges") == 10  # all edges of five nodes


def test_a_run_made_again_over_its_ledger_is_the_same_and_writes_nothing(tmp_path: Path) -> None:
    wanted, path = request(Budget(trials=8)), tmp_path / "ledger.jsonl"
    first, written = run(wanted, Ledger(path)), path.read_bytes()
    again = run(wanted, Ledger(path))
    assert again == first and path.read_bytes() == written


def test_without_refiners_the_most_promising_are_looked_up() -> None:
    report = run(request(Budget(trials=5), refiners=()))
    assert report.spent.trials == 5 and {t.candidate.origin for t in report.trials} == {"uniform"}

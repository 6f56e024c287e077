"""The schedule of a race is made once, from the budget, and kept in the ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tiny_design import GOAL, TINY

import genas
from genas.core.errors import RequestError
from genas.core.ledger import Ledger
from genas.core.records import Budget
from genas.run.designer import Designer
from genas.run.race_search import RaceSearch
from genas.run.schedule import Schedule


def checked(request: genas.Request, ledger: Ledger) -> Schedule:
    search = Designer(request, ledger).search
    assert isinstance(search, RaceSearch)
    search.check()
    assert search.schedule is not None
    return search.schedule


def test_a_resumed_race_keeps_the_schedule_of_its_ledger() -> None:
    request, ledger = genas.interpret(GOAL, **TINY), Ledger()
    first = checked(request, ledger)
    assert first.unit == "examples" and first.networks == 2
    assert checked(request, ledger) == first
    assert [event["kind"] for event in ledger.read()].count("schedule") == 1


def test_a_race_without_a_budget_is_told_to_name_one() -> None:
    request = replace(genas.interpret(GOAL, **TINY), budget=Budget())
    with pytest.raises(RequestError, match="A race needs a budget: write for example '10 minutes'"):
        checked(request, Ledger())

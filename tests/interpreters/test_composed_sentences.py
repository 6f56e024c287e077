"""Two thousand sentences whose meaning is known: read as they are meant, or refused."""

from __future__ import annotations

import random

import pytest
from tries import REFUSED, RIGHT, sentences  # eval/ is on the path, see pyproject.toml


def draws(count: int, seed: int) -> list[random.Random]:
    return [random.Random(f"{seed} {number}") for number in range(count)]


@pytest.mark.slow
def test_what_can_be_said_is_read_in_any_order_and_three_languages() -> None:
    for draw in draws(1200, 1):
        assert sentences.taken(*sentences.composed(draw), may_be_refused=False) == RIGHT


@pytest.mark.slow
def test_other_blanks_letters_digits_case_and_marks_change_no_meaning() -> None:
    taken = []
    for draw in draws(600, 2):
        text, facts = sentences.composed(draw)
        taken.append(sentences.taken(sentences.changed(draw, text, slips=False), facts, may_be_refused=True))
    assert taken.count(RIGHT) > 400


def test_limits_in_languages_that_are_not_served_are_never_turned() -> None:
    taken = [sentences.taken(*sentences.foreign(draw), may_be_refused=True) for draw in draws(200, 3)]
    assert taken.count(REFUSED) > 100

"""How words are listed: lines are alternatives, rows are a dictionary."""

from __future__ import annotations

import re

from genas.interpreters.plain import french, german
from genas.interpreters.plain.patterns import one_of, rows, words


def test_lines_are_alternatives_and_the_first_that_fits_is_taken() -> None:
    block = """
        # fruit
        red apples?|apple
        plums?
    """
    assert one_of(block) == "(?:red apples?|apple|plums?)"
    assert words(block).findall("A red apple, plumsy PLUMS") == ["red apple", "PLUMS"]


def test_a_row_has_a_meaning_and_words_on_several_lines() -> None:
    block = r"""
        \1 at most <- (size)limit
        "one "     <- an? (?=dozen)
                      single
    """
    assert rows(block) == (("(size)limit", r"\1 at most"), ("an? (?=dozen)|single", "one "))


def test_every_row_of_a_dictionary_can_be_used() -> None:
    for said, meaning in (*german.PARTS, *german.WORDS, *french.PARTS, *french.WORDS):
        groups = re.compile(said).groups
        assert meaning.strip()
        assert all(int(group) <= groups for group in re.findall(r"\\([0-9])", meaning)), said

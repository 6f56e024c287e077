from __future__ import annotations

import pytest

from genas.interpreters._languages import english
from genas.interpreters._numerals import spelled


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("three hundred and fifty thousand weights", "350000 weights"),
        ("one and a half megabytes", "1.5 megabytes"),
        ("a quarter of a million parameters", "0.25 million parameters"),
        ("an hour and a half", "1.5 hours"),
        ("ninety-eight percent", "98 percent"),
        ("between one and two milliseconds", "between 1 and 2 milliseconds"),
        ("zero parameters", "0 parameters"),
        ("five and twenty thousand parameters", "five and twenty thousand parameters"),
        ("a few thousand parameters", "a few thousand parameters"),
        ("one network", "one network"),
    ],
)
def test_english_number_words(words: str, digits: str) -> None:
    assert spelled(words) == digits


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("höchstens zweihundertfünfzigtausend Parameter", "at most 250000 parameters"),
        ("fünfundzwanzig Versuche", "25 trials"),
        ("höchstens tausend Gewichte", "at most 1000 parameters"),
        ("au plus quatre-vingt-dix-huit mille paramètres", "at most 98000 parameters"),
        ("vingt et un essais", "21 trials"),
        ("au moins 98 pour cent", "at least 98%"),
        ("kein Modell größer als 2 MB", "no more than 2 MB"),
        ("ne doit pas dépasser 1,5 Mo", "no more than 1.5 MB"),
    ],
)
def test_german_and_french_numbers(words: str, digits: str) -> None:
    assert english(words) == digits

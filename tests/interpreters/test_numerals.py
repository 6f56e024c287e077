from __future__ import annotations

import pytest

from genas.core.errors import RequestError
from genas.interpreters.plain.languages import english
from genas.interpreters.plain.numerals import spelled


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
        ("between one and two thousand weights", "between 1 and 2 thousand weights"),
        ("from five to twenty-five million weights", "from 5 to 25 million weights"),
        ("from one to two hundred thousand weights", "from 100 to 200 thousand weights"),
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
        ("höchstens ein halbes Megabyte", "at most 0.5 Megabyte"),
        ("eine halbe Million Gewichte", "0.5 million parameters"),
        ("unter einer Dreiviertelmillion Gewichten", "under 0.75 million parameters"),
        ("zwischen einer und zwei Millionen Gewichten", "between 1 and 2 million parameters"),
        ("entre dix et vingt mille paramètres", "between 10 and 20 thousand parameters"),
        ("au moins quatre-vingts pour cent", "at least 80 %"),
        ("une heure et demie de recherche", "1.5 hours of search"),
    ],
)
def test_german_and_french_numbers(words: str, digits: str) -> None:
    assert english(words) == digits


@pytest.mark.parametrize("sentence", ["deux ou trois millisecondes de latence", "höchstens fünf oder 6 Versuche"])
def test_no_number_in_words_is_lost(sentence: str) -> None:
    with pytest.raises(RequestError, match="in digits"):
        english(sentence)

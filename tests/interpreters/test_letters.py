"""What a sentence looks like is what is read: blanks, digits, marks that are not seen, slips, other alphabets."""

from __future__ import annotations

import unicodedata

import pytest

from genas.core import registry
from genas.core.errors import RequestError
from genas.core.interfaces import Interpreter
from genas.core.records import Constraint, Request

PLAIN = "Für MNIST, höchstens 50000 Parameter, at most 5 ms, as small as possible, try 20 networks, seed 7"


@pytest.fixture(scope="module")
def exact() -> Interpreter:
    made: Interpreter = registry.create("interpreters", "exact")
    return made


def told(request: Request) -> tuple[object, ...]:
    return request.task, request.constraints, request.objectives, request.budget, request.device, request.seed


@pytest.mark.parametrize(
    "written",
    [
        PLAIN.replace(" ", "   "),
        PLAIN.replace(" ", "\t"),
        PLAIN.replace(" ", "\u00a0"),
        PLAIN.replace("ms", "\u200bms").replace("small", "sm\u00adall"),
        "\ufeff" + PLAIN,
        unicodedata.normalize("NFD", PLAIN),
        PLAIN.translate({ord(str(d)): chr(0xFF10 + d) for d in range(10)}),
        PLAIN.translate({ord(str(d)): chr(0x660 + d) for d in range(10)}),
        PLAIN.replace("at most 5", "at most\n5").replace("try 20", "try 20\n"),
    ],
    ids=["blanks", "tabs", "hard", "unseen", "mark", "parted", "wide", "arabic", "broken"],
)
def test_other_blanks_digits_and_unseen_marks_change_nothing(exact: Interpreter, written: str) -> None:
    assert told(exact.read(written)) == told(exact.read(PLAIN))


def test_a_word_of_letters_that_only_look_latin_is_refused(exact: Interpreter) -> None:
    with pytest.raises(RequestError, match="mixes Latin letters"):
        exact.read("CIFAR-10 \u043en th\u0435 CPU")
    assert exact.read("digits, under 5 \u03bcs").constraints == (Constraint("latency_ms", at_most=0.005),)


@pytest.mark.parametrize(
    "sentence",
    [
        "Een netwerk voor MNIST, minstens 50000 parameters",
        "Sieć dla MNIST, co najmniej 50000 parametrów",
        "MNIST için en az 50000 parametre",
        "Et netværk til MNIST, mindst 50000 parametre",
        "MNIST 分类器，至少 50000 parameters",
        "MNIST, не менее 50000 parameters",
    ],
)
def test_a_limit_in_a_language_that_is_not_served_is_refused_not_turned(exact: Interpreter, sentence: str) -> None:
    with pytest.raises(RequestError, match="in English, German or French"):
        exact.read(sentence)


@pytest.mark.parametrize(
    ("slipped", "right"),
    [
        ("mnist, roughlly 20 ms", None),
        ("mnist on an iPhoone, at most 2 ms", None),
        ("mnist, thirty eppochs", "mnist, thirty epochs"),
        ("MNIST: DREISSIG VERSUUCHE für das Netz", "MNIST: dreissig Versuche für das Netz"),
        ("MNIST, Arrbeitsspeicher höchstens 256 kB", "MNIST, Arbeitsspeicher höchstens 256 kB"),
        ("Un réseau pour MNIST, au monis 50000 paramètres", "Un réseau pour MNIST, au moins 50000 paramètres"),
        ("CIFAR-10 : deux millons de paramètres maximum", "CIFAR-10 : deux millions de paramètres maximum"),
        ("mnist, at most threee hundred thousand weights", "mnist, at most three hundred thousand weights"),
        ("nasbench101, highest accuracy,150 triasl", "nasbench101, highest accuracy, 150 trials"),
        ("mnist; minimie energy, then accuracy", "mnist; minimise energy, then accuracy"),
        ("mnist, as smal as possible", "mnist, as small as possible"),
        ("digits withot going over 12k parameters", "digits without going over 12k parameters"),
        ("MNIST, es darf nihct mehr als 5000 Parameter haben", "MNIST, es darf nicht mehr als 5000 Parameter haben"),
        ("digits, search for a quarer of an hour", "digits, search for a quarter of an hour"),
        ("mnist, two hours, fifty netwoorks at most", "mnist, two hours, fifty networks at most"),
        ("MNIST mit höchstens hunderttauusend Parametern", None),
        ("MNIST mit weniger als zwanzigatusend Gewichten", None),
        ("mnist, 5k weights at most,twenty-five megaflops at most", "mnist, 5k weights, at most 25 megaflops"),
        ("MNIST auf der CPU, nict mehr als 31000 Parameter", "MNIST auf der CPU, nicht mehr als 31000 Parameter"),
        ("digits, nto more than 31000 parameters", "digits, not more than 31000 parameters"),
        ("digits; trade-off between accuracy and FLLOPs", "digits; trade-off between accuracy and FLOPs"),
        ("Das Netz für MNIST soll klein und schnell sein – aber vor allem genau",
         "Das Netz für MNIST soll klein und schnell sein, aber vor allem genau"),
    ],
)  # fmt: skip
def test_a_slip_in_a_word_that_carries_meaning_loses_nothing(
    exact: Interpreter, slipped: str, right: str | None
) -> None:
    if right is None:
        with pytest.raises(RequestError):
            exact.read(slipped)
    else:
        assert told(exact.read(slipped)) == told(exact.read(right))


def test_a_seed_may_end_a_sentence(exact: Interpreter) -> None:
    assert exact.read("mnist, seed 4164. at most 5 ms").seed == 4164

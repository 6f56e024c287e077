from __future__ import annotations

import itertools
import time

import pytest
from benchmark_sentences import BENCHMARKS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from refused_sentences import REFUSED
from sentences import READ

from genas.core import registry, wire
from genas.core.errors import GenasError, RequestError
from genas.core.interfaces import Interpreter
from genas.core.records import Budget, Constraint, Objective, Request, Use


@pytest.fixture(scope="module")
def exact() -> Interpreter:
    made: Interpreter = registry.create("interpreters", "exact")
    return made


@pytest.mark.parametrize(("sentence", "wanted"), READ, ids=[s for s, _ in READ])
def test_a_sentence_is_read_right(exact: Interpreter, sentence: str, wanted: dict) -> None:
    request = exact.read(sentence)
    task = wanted["task"]
    assert request.task == (Use(task) if isinstance(task, str) else Use(*task))
    table = request.task.name in {"nasbench201", "nasbench_graph"}
    assert request.space.name == wanted.get("space", request.task.name if table else "conv_net")
    assert {c.metric: (c.at_least, c.at_most) for c in request.constraints} == wanted.get("limits", {})
    assert [(o.metric, o.goal) for o in request.objectives] == wanted.get("objectives", [("accuracy", "max")])
    assert request.budget == Budget(wanted.get("seconds"), wanted.get("trials"), wanted.get("tokens"))
    assert (request.device, request.seed) == (wanted.get("device", "auto"), wanted.get("seed", 0))
    epochs = {"epochs": wanted["epochs"]} if "epochs" in wanted else {}
    assert request.validator == Use("table" if table else "train", epochs)
    assert request.goal == sentence
    assert (request.proposers, request.scorers, request.refiners) == ((), (), ())
    assert wire.from_data(Request, wire.to_data(request)) == request


@pytest.mark.parametrize(("sentence", "task", "space", "wanted"), BENCHMARKS, ids=[row[0] for row in BENCHMARKS])
def test_a_published_table_is_read_by_its_names(exact: Interpreter, sentence: str, task, space, wanted: dict) -> None:
    request = exact.read(sentence)
    assert (request.task, request.space) == (Use(*task), Use(*space))
    assert {c.metric: (c.at_least, c.at_most) for c in request.constraints} == wanted.get("limits", {})
    assert [(o.metric, o.goal) for o in request.objectives] == wanted.get("objectives", [("accuracy", "max")])
    assert (request.device, request.budget.trials) == (wanted.get("device", "auto"), wanted.get("trials"))
    registry.create("tasks", request.task)
    assert registry.create("spaces", request.space).modality == registry.load("tasks", task[0]).modality


@pytest.mark.parametrize(("sentence", "says"), REFUSED, ids=[s for s, _ in REFUSED])
def test_what_is_unclear_is_refused_with_what_to_write(exact: Interpreter, sentence: str, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        exact.read(sentence)


def test_known_fields_win_over_the_sentence(exact: Interpreter) -> None:
    request = exact.read(
        "MNIST under 50k parameters, accuracy first, seed 3",
        task=Use("digits"),
        constraints=(Constraint("params", at_most=7),),
        objectives=(Objective("params", "min"),),
        seed=9,
    )
    assert request.task == Use("digits")
    assert request.constraints == (Constraint("params", at_most=7),)
    assert request.objectives == (Objective("params", "min"),)
    assert request.seed == 9


def test_an_empty_sentence_does_where_the_task_is_known(exact: Interpreter) -> None:
    assert exact.read("", task=Use("digits")) == Request("", Use("digits"), Use("conv_net"))


def test_known_contradictions_and_unknown_keys_are_refused(exact: Interpreter) -> None:
    with pytest.raises(RequestError, match="contradict"):
        exact.read("digits", constraints=(Constraint("params", at_most=1, at_least=2),))
    with pytest.raises(RequestError, match="more than zero"):
        exact.read("digits", budget=Budget(seconds=0))
    with pytest.raises(RequestError, match="Did you mean 'device'"):
        exact.read("digits", devise="cpu")
    with pytest.raises(RequestError, match="10 classes"):
        exact.read("12 classes", task=Use("digits"))


def test_the_same_sentence_is_refused_with_the_same_words(exact: Interpreter) -> None:
    costs = {
        "the latency": "5 ms latency",
        "the memory": "2 MB of memory",
        "the energy": "3 mJ",
        "the size": "1 MB size",
    }
    for first, second in itertools.permutations(costs, 2):  # the order of a set would depend on the process
        with pytest.raises(RequestError, match=f"Should {first} be"):
            exact.read(f"digits, at least {costs[first]} and at least {costs[second]}")


_PIECES = """
    digits cifar10 mnist under between and about one million first then hours trials seed
    10 50k 1e3 -3 8x8 10^6 ³ ½ % ms MB mJ fps GFLOPs parameters latency accuracy
    < >= , . ( ) x ./a.npz / ' " |
"""
_WORDS = st.sampled_from([*_PIECES.split(), "at most", "or less"])
_TEXT = st.one_of(st.text(max_size=60), st.lists(_WORDS, max_size=10).map(" ".join))


@settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=_TEXT)
def test_any_text_is_read_or_refused(text: str, exact: Interpreter) -> None:
    try:
        request = exact.read("digits " + text)
    except GenasError as refusal:
        assert str(refusal)
    else:
        assert wire.from_data(Request, wire.to_data(request)) == request


@given(number=st.integers(1, 10**9))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_figure_comes_from_the_sentence(number: int, exact: Interpreter) -> None:
    for written in (str(number), f"{number:,}", f"{number / 1000:.3f}k" if number % 10 else f"{number}"):
        (limit,) = exact.read(f"digits with at most {written} parameters").constraints
        assert limit == Constraint("params", at_most=float(number))


@pytest.mark.parametrize(
    ("sentence", "task"),
    [
        ("tell whether somebody wrote a zero, a seven or another figure by hand", "digits"),
        ("sort small colour photographs into animals and vehicles", "cifar10"),
        ("handwritten letters of the alphabet", None),
        ("predict the weather of tomorrow", None),
        ("recognise traffic signs", None),
    ],
)
def test_meaning_finds_a_task_only_where_it_is_clear(
    exact: Interpreter, sentence: str, task: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    if task is None:
        with pytest.raises(RequestError, match="what the network is for"):
            exact.read(sentence)
    else:
        assert exact.read(sentence).task == Use(task)
    guesses = [record.message for record in caplog.records if "is read by meaning" in record.message]
    assert len(guesses) == (task is not None)
    assert all(guess.startswith(f"Task {task} ") and "write their path" in guess for guess in guesses)


def test_a_task_that_is_named_is_no_guess(exact: Interpreter, caplog: pytest.LogCaptureFixture) -> None:
    assert exact.read("cifar10, cats and dogs among them").task == Use("cifar10")
    assert not caplog.records


def test_reading_is_quick(exact: Interpreter, record_property: pytest.RecordProperty) -> None:
    times = []
    for sentence, _ in READ[:30]:
        start = time.perf_counter()
        exact.read(sentence)
        times.append(time.perf_counter() - start)
    record_property("median_ms", 1e3 * sorted(times)[15])
    assert len(times) == 30


@pytest.mark.parametrize(
    ("sentence", "pretrained"),
    [
        ("photos in ./pets, from scratch", False), ("photos in ./pets, no pretraining", False),
        ("photos in ./pets, do not train from scratch", None), ("photos in ./pets, rather than from scratch", None),
        ("photos in ./pets, don't train it from scratch", None), ("photos in ./pets", None),
        ("photos in ./pets, not on a GPU, from scratch", False),
    ],
)  # fmt: skip
def test_only_who_asks_for_it_gets_no_pretrained_part(exact: Interpreter, sentence: str, pretrained: object) -> None:
    assert exact.read(sentence).space.options.get("pretrained") is pretrained


def test_names_in_other_scripts_are_no_language_that_is_not_read(exact: Interpreter) -> None:
    request = exact.read("Classify 写真 in ./写真/犬猫, under 20k parameters")
    assert request.task == Use("images", {"path": "./写真/犬猫"})
    assert request.constraints == (Constraint("params", at_most=19_999),)

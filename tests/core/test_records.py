"""Records: keys see graphs, not their writing; figures are finite; JSON goes both ways."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genas.core import wire
from genas.core.errors import RequestError, ScoreFailed
from genas.core.phrases import parse_budget
from genas.core.records import Architecture, Budget, Candidate, Constraint, Measurement, Objective, Request, Trial, Use


def diamond(left: str, right: str) -> Architecture:
    return Architecture("s", ("in", left, right, "out"), ((0, 1), (0, 2), (1, 3), (2, 3)))


def test_key_sees_isomorphism_and_labels_and_space() -> None:
    assert diamond("a", "b").key == diamond("b", "a").key
    assert diamond("a", "b").key != diamond("a", "a").key
    assert Architecture("t", *(diamond("a", "b").ops, diamond("a", "b").edges)).key != diamond("a", "b").key


def test_key_sees_direction() -> None:
    chain = Architecture("s", ("a", "b", "a"), ((0, 1), (1, 2)))
    fork = Architecture("s", ("a", "b", "a"), ((0, 1), (0, 2)))
    assert chain.key != fork.key


@given(st.integers(2, 7).flatmap(lambda n: st.tuples(st.just(n), st.permutations(range(n)), st.integers(0, 2**21))))
def test_key_survives_any_renumbering(case: tuple[int, list[int], int]) -> None:
    n, order, bits = case
    pairs = [(i, j) for j in range(n) for i in range(j)]
    edges = [pair for bit, pair in enumerate(pairs) if bits >> bit & 1]
    ops = [f"op{i % 3}" for i in range(n)]
    place = {node: i for i, node in enumerate(order)}
    renamed = Architecture(
        "s", tuple(ops[node] for node in order), tuple(sorted((place[i], place[j]) for i, j in edges))
    )
    assert renamed.key == Architecture("s", tuple(ops), tuple(edges)).key


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_measurements_are_finite(bad: float) -> None:
    with pytest.raises(ScoreFailed, match="accuracy"):
        Measurement("accuracy", bad)
    with pytest.raises(ScoreFailed):
        Measurement("accuracy", 0.5, curve=(0.1, bad))


def test_value_is_the_mean_over_seeds_at_the_highest_fidelity() -> None:
    low = Measurement("accuracy", 0.9, fidelity=0.1)
    high = [Measurement("accuracy", v, fidelity=1.0, seed=s) for s, v in enumerate((0.5, 0.7))]
    assert Trial(Candidate(diamond("a", "b"), "x"), (low, *high)).value("accuracy") == pytest.approx(0.6)
    assert Trial(Candidate(diamond("a", "b"), "x"), (low,)).value("params") is None


def test_limits_include_their_ends() -> None:
    limit = Constraint("params", at_most=10, at_least=5)
    assert [limit.holds(v) for v in (4, 5, 10, 11)] == [False, True, True, False]


numbers = st.floats(allow_nan=False, allow_infinity=False)
trials = st.builds(
    Trial,
    st.builds(Candidate, st.just(diamond("a", "b")), st.text(), st.tuples(st.text()), st.text()),
    st.lists(st.builds(Measurement, st.text(), numbers, numbers, numbers, st.integers(0, 9)), max_size=3).map(tuple),
    st.none() | st.text(),
)


@given(trials)
def test_trials_go_through_json(trial: Trial) -> None:
    assert wire.from_data(Trial, wire.to_data(trial)) == trial


def test_unknown_keys_are_refused_by_name() -> None:
    data = wire.to_data(Request("x", Use("digits"), Use("conv_net"))) | {"colour": "red"}
    with pytest.raises(RequestError, match="colour"):
        wire.from_data(Request, data)


def test_budgets_may_be_in_words() -> None:
    assert wire.partial({"budget": "5 minutes"}) == {"budget": Budget(seconds=300.0)}
    with pytest.raises(RequestError, match="'soon' is no budget"):
        wire.partial({"budget": "soon"})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20 minutes", 1200), ("240 s", 240), ("1.5h", 5400), ("1 hour 30 min", 5400), ("1 hour and 30 minutes", 5400),
        ("90 min.", 5400), ("2 days", 172_800), ("1,200 seconds", 1200), (".5 h", 1800), ("1e3 s", 1000),
        ("10 MIN", 600), ("2 months", 5_259_600), ("1 year", 31_557_600), ("9.9 years", 312_420_240),
    ],
)  # fmt: skip
def test_times_are_numbers_with_units(text: str, seconds: float) -> None:
    assert parse_budget(text) == Budget(seconds=seconds)


def test_counts_of_trials_may_have_commas() -> None:
    assert parse_budget("1,000 trials") == Budget(trials=1000)


@pytest.mark.parametrize("metric", ["params", "latency_ms", "size_mb"])
@pytest.mark.parametrize("end", ["at_most", "at_least"])
def test_a_limit_that_limits_nothing_is_refused(metric: str, end: str) -> None:
    with pytest.raises(RequestError, match=rf"A limit on {metric} is at most 1e\+18"):
        wire.partial({"constraints": [{"metric": metric, end: 1e30}]})
    assert wire.partial({"constraints": [{"metric": metric, end: 1e15}]})


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9 s", "5 5 s", "10 minutes (2**10)", "-5 minutes", "0 s", "nan s", "inf hours", "1e99 s",
        "1e308 minutes", "20", "minutes", "5 meters", "0 trials", "10000000 trials", "", "5 s" * 40,
        "3 trials and 5 minutes", "5 min or 6", "10 - 20 minutes", "2 x 5 minutes",
        "99999999999999999999 years", "11 years", "9" * 40 + " trials", "1,00 trials", "1,000,001 networks",
    ],
)  # fmt: skip
def test_what_is_no_budget_is_refused_at_once(text: str) -> None:
    with pytest.raises(RequestError, match="budget"):
        parse_budget(text)


def test_paths_of_python_are_texts_and_other_objects_are_refused() -> None:
    known = wire.partial({"task": {"name": "images", "options": {"path": Path("a/b")}}})
    assert known == {"task": Use("images", {"path": "a/b"})}
    with pytest.raises(RequestError, match="task: object is neither text"):
        wire.partial({"task": {"name": "images", "options": {"path": object()}}})


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("seed", -1, "greater than or equal to 0, not -1"),
        ("seed", 2**63, "below 2\\^63"),
        ("seed", True, "valid integer, not True"),
        ("seed", 1.5, "valid integer, not 1.5"),
        ("objectives", [], "at least one objective"),
        ("objectives", [Objective("params"), Objective("params", "min")], "each metric once"),
        ("constraints", [Constraint("params")], "neither at_most nor at_least"),
        ("constraints", [Constraint("params", 1, 2)], "No params is at least 2 and at most 1"),
        ("constraints", [Constraint("params", at_most=math.nan)], "not finite"),
        ("budget", Budget(trials=0), "from 1 to 1,000,000"),
        ("budget", Budget(seconds=-1.0), "more than nothing"),
        ("budget", Budget(llm_tokens=0), "from 1 to"),
        ("task", "x" * 5000, "at most 200 characters"),
        ("device", "\x1b[2J", "letters and digits"),
        ("goal", "\ud800", "lone surrogate"),
        ("proposers", "uniform", "valid array"),
    ],
)
def test_a_field_that_means_nothing_is_refused_with_the_reason(field: str, value: object, why: str) -> None:
    with pytest.raises(RequestError, match=why):
        wire.partial({field: value})
    whole = Request("x", Use("digits"), Use("conv_net"))
    if not isinstance(value, str) or field in {"device", "goal"}:
        with pytest.raises(RequestError, match=why):
            wire.checked(replace(whole, **{field: value}))


def test_partial_requests_take_bare_names() -> None:
    known = wire.partial({"task": "digits", "proposers": ["uniform", {"name": "llm", "options": {"model": "local"}}]})
    assert known == {"task": Use("digits"), "proposers": (Use("uniform"), Use("llm", {"model": "local"}))}
    assert wire.partial({"objectives": [{"metric": "params", "goal": "min"}]})["objectives"] == (
        Objective("params", "min"),
    )
    with pytest.raises(RequestError, match="'seed'"):
        wire.partial({"sed": 1})

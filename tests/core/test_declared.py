"""The record of a metric is found by its name, whoever declares it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from genas.core import declared, registry
from genas.core.errors import RequestError
from genas.core.interfaces import Scorer
from genas.core.metrics import ACCURACY, LATENCY, Metric


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    declared._joined.cache_clear()


def installed(monkeypatch: pytest.MonkeyPatch, **metrics: object) -> None:
    """Scorers of a package, each with its metric."""
    module = ModuleType("a_package_of_scorers")
    for name, metric in metrics.items():
        setattr(module, name, type(name, (Scorer,), {"metric": metric}))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    points = {name: EntryPoint(name, f"{module.__name__}:{name}", "genas.scorers") for name in metrics}
    monkeypatch.setattr(registry, "_entries", lambda kind: points if kind == "scorers" else {})
    declared._joined.cache_clear()


def test_standard_ones_and_their_figures_on_the_test_split() -> None:
    assert declared.metric("latency_ms") is LATENCY
    tested = declared.metric("test_accuracy")
    assert (tested.name, tested.label, tested.share, tested.goal) == ("test_accuracy", "test accuracy", True, "max")
    assert tested == ACCURACY.on_test


def test_a_proxy_is_found_by_the_name_of_its_file() -> None:
    assert declared.metric("ntk").goal == "min"


def test_what_nobody_declares_is_a_plain_number() -> None:
    assert declared.metric("no_such_figure") == Metric("no_such_figure", "", "max", "promise", label="no such figure")


def test_another_packages_metric_and_its_scorer_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = Metric("noise_db", "dB", "min", "cost")
    installed(monkeypatch, Loud=noise)
    assert declared.metric("noise_db") == noise and declared.outside() == (noise,)
    assert declared.scorer_of("noise_db") == "Loud"
    assert declared.scorer_of("latency_ms") == "latency_ms"
    assert declared.scorer_of("roc_auc") is None


def test_a_name_has_one_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, One=Metric("noise_db", goal="min"), Two=Metric("noise_db", goal="max"))
    with pytest.raises(RequestError, match="give its metric another name"):
        declared.metric("noise_db")
    installed(monkeypatch, Mine=Metric("accuracy", goal="min"))
    with pytest.raises(RequestError, match="take the known record"):
        declared.outside()


def test_of_two_scorers_of_one_metric_the_request_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, One=Metric("noise_db"), Two=Metric("noise_db"))
    with pytest.raises(RequestError, match=r"One, Two all measure noise_db\. Name one"):
        declared.scorer_of("noise_db")


def test_a_metric_that_is_only_a_word_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, Old="noise_db")
    with pytest.raises(RequestError, match=r"Metric\('noise_db'\)"):
        declared.outside()


def test_a_package_that_cannot_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = EntryPoint("absent", "no_such_package_anywhere:X", "genas.scorers")
    monkeypatch.setattr(registry, "_entries", lambda kind: {"absent": absent} if kind == "scorers" else {})
    with pytest.raises(RequestError, match=r"no_such_package_anywhere.*uninstall it"):
        declared.outside()


@pytest.mark.parametrize("wrong", [{"goal": "up"}, {"role": "price"}, {"form": "roman"}])
def test_a_record_takes_only_what_it_can_mean(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Metric("noise_db", **wrong)  # type: ignore[arg-type]

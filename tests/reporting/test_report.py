"""A report's sentences are right by hand-worked cases, its page is safe and whole in every state of a run."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from genas.core import pareto, wire
from genas.core.errors import GenasError
from genas.core.records import (
    Architecture,
    Budget,
    Candidate,
    Constraint,
    Measurement,
    Objective,
    Report,
    Request,
    Trial,
    Use,
)
from genas.reporting import charts, outcome
from genas.reporting.page import render, write

HOSTILE = (
    "</script><script>alert('x')</script><img src=//evil.example/p onerror=alert(1)>{{ 7*7 }} $\\frac{1}{0$ \x1b[31m"
)
REQUEST = Request(
    "A classifier for 8x8 grayscale handwritten digits, 10 classes, under 50k parameters, accuracy first",
    Use("digits"),
    Use("conv_net"),
    objectives=(Objective("accuracy"), Objective("params", "min")),
    constraints=(Constraint("params", at_most=49_999),),
    budget=Budget(seconds=240, trials=60),
    proposers=(Use("uniform"), Use("diffusion", {"level": 0.9})),
    scorers=(Use("params"), Use("short_train", {"epochs": 5})),
    refiners=(Use("regularized_evolution"),),
    validator=Use("table"),
)


def chain(*ops: str) -> Architecture:
    return Architecture("conv_net", ops, tuple((i, i + 1) for i in range(len(ops) - 1)))


def seeds(metric: str, *values: float, curve: bool = False) -> list[Measurement]:
    lines = [tuple(v - 0.8 * math.exp(-e / 5) for e in range(30)) if curve else () for v in values]
    return [Measurement(metric, v, 12.0, seed=s, curve=c) for s, (v, c) in enumerate(zip(values, lines, strict=True))]


def full(arch: Architecture, origin: str, params: float, val: Any, test: Any = (), *, note: str = "") -> Trial:
    made = [Measurement("params", params), *seeds("accuracy", *val, curve=True), *seeds("test_accuracy", *test)]
    return Trial(Candidate(arch, origin, note=note), tuple(made))


WINNER = full(
    chain("input", "stem16", "residual", "k3", "d2", "w32", "mbconv", "k5", "d1", "w48", "output"),
    "diffusion", 48_120, (0.99, 0.992, 0.991), (0.986, 0.988, 0.987), note="asked for the best tenth",
)  # fmt: skip
WORSE = full(
    chain("input", "stem8", "output"), "reference", 47_000, (0.97,) * 3, (0.961, 0.962, 0.960), note="small ResNet"
)
CLOSE = full(
    chain("input", "stem4", "output"), "reference", 49_000, (0.99,) * 3, (0.985, 0.989, 0.986), note="MobileNetV2"
)


def population() -> list[Trial]:
    rng, trials = np.random.default_rng(1), [WINNER]
    for i in range(60):
        origin = ("uniform", "diffusion", "regularized_evolution")[i % 3]
        arch = chain("input", f"stem{i}", "plain", "k3", "d1", f"w{8 + i}", "output")
        params = round(10 ** rng.uniform(3.4, 4.8))
        made = [Measurement("params", params, 0.01)]
        if params > 49_999:
            trials.append(Trial(Candidate(arch, origin), tuple(made), f"params {params} breaks params <= 49999"))
            continue
        accuracy = min(0.99, 0.74 + 0.055 * math.log10(params) + rng.normal(0, 0.008)) - 0.5 * (i == 7)
        made.append(Measurement("accuracy", accuracy, 3.0, fidelity=1.0 if i % 7 == 0 else 0.25))
        parents = (trials[-1].candidate.arch.key,) if origin == "regularized_evolution" else ()
        trials.append(Trial(Candidate(arch, origin, parents, "one label of its parent changed"), tuple(made)))
    trials.append(Trial(Candidate(chain("input", "bad"), "uniform"), (), "the loss became NaN"))
    return trials


def a_report(winner: Trial | None = WINNER, references: tuple[Trial, ...] = (WORSE, CLOSE), **changes: Any) -> Report:
    trials = tuple(changes.pop("trials", population()))
    request = changes.pop("request", REQUEST)
    front = tuple(pareto.front(trials, request.objectives))
    text = outcome.summarize(request, winner, references, trials)
    return Report(request, winner, front, references, trials, Budget(213.0, len(trials), 0), text, **changes)


class _Page(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(k, v or "") for k, v in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def check(html: str) -> _Page:
    """The page asks for nothing from outside and runs nothing."""
    page = _Page(html)
    assert not {"script", "img", "iframe", "link", "object", "base", "form"} & set(page.tags)
    for name, value in page.attributes:
        assert not name.startswith("on"), name
        assert name not in {"src", "srcset", "action"}
        assert "url(" not in value or re.fullmatch(r"[^(]*url\(#[\w-]+\)[^(]*", value), value
        if name.endswith("href"):
            assert value.startswith("#"), value
    for svg in re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL):
        ElementTree.fromstring(svg)
    return page


# --- words


def test_the_block_shows_units_and_nothing_a_terminal_obeys() -> None:
    request = replace(
        REQUEST,
        goal="nets \x1b[31m\nfor me",
        constraints=(
            Constraint("params", at_most=49_999),
            Constraint("latency_ms", at_most=5),
            Constraint("flops", at_least=1e6, at_most=12.5e6),
            Constraint("accuracy", at_least=0.985),
        ),
    )
    lines = outcome.block(request).splitlines()
    assert lines[0] == "Goal        nets [31m for me"
    assert "params at most 49,999; latency at most 5 ms; flops between 1 MFLOPs and 12.5 MFLOPs" in outcome.block(
        request
    )
    assert "accuracy at least 0.985" in " ".join(lines)
    assert "Budget      4 min, 60 trials" in lines
    assert "Proposers   uniform, diffusion (level=0.9)" in lines
    assert "Objectives  accuracy high, then params low" in lines
    assert all(len(line) <= 100 and line.isprintable() for line in lines)
    assert len({line.index(line.split(maxsplit=1)[1]) for line in lines if line[0] != " "}) == 1, "keys are aligned"
    assert "Budget      no limit" in outcome.block(replace(request, budget=Budget()))


@pytest.mark.parametrize(
    ("metric", "value", "shown"),
    [
        ("params", 49_999, "49,999 params"),
        ("latency_ms", 5, "5 ms"),
        ("flops", 12_345_678, "12.35 MFLOPs"),
        ("flops", 12, "12 FLOPs"),
        ("size_mb", 0.1999, "0.1999 MB"),
        ("accuracy", 0.98765, "0.9877"),
        ("synflow", -3.25, "-3.25"),
    ],
)
def test_figures_carry_their_units(metric: str, value: float, shown: str) -> None:
    assert outcome.figure(metric, value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.25, "0.25 s"), (240, "4 min"), (65, "1 min 5 s"), (5400, "1 h 30 min")]
)
def test_durations(seconds: float, shown: str) -> None:
    assert outcome.duration(seconds) == shown


def test_compare_is_students_test_worked_by_hand() -> None:
    """Means 0.987 and 0.961, both of deviation 0.001, n = 3: margin = 2.7764 x 0.001 x sqrt(2/3) = 0.002267."""
    ours, theirs = outcome.spread(WINNER, "test_accuracy"), outcome.spread(WORSE, "test_accuracy")
    assert ours is not None and theirs is not None
    assert ours == pytest.approx((0.987, 0.001, 3)) and theirs == pytest.approx((0.961, 0.001, 3))
    found = outcome.compare(ours, theirs)
    assert (found.verdict, found.difference) == ("beats", pytest.approx(0.026))
    assert found.margin == pytest.approx(0.002267, abs=1e-6)
    assert outcome.compare(theirs, ours).verdict == "does not beat"
    assert outcome.compare(theirs, ours, "min").verdict == "beats", "less may be better"
    near = outcome.Spread(0.985, 0.001, 3)
    assert outcome.compare(ours, near._replace(mean=0.9848)).verdict == "no clear difference"
    one = outcome.Spread(0.5, None, 1)
    assert outcome.compare(one._replace(mean=0.9), one) == ("no clear difference", pytest.approx(0.4), None)
    assert outcome.compare(ours, one).verdict == "beats", "the spread of one side is enough"
    still = outcome.Spread(0.9, 0.0, 2)
    assert outcome.compare(still, still).verdict == "no clear difference"
    assert outcome.compare(still, one).verdict == "no clear difference", "seeds that agree by chance prove nothing"


def test_the_summary_states_the_outcome_plainly() -> None:
    text = a_report().text
    assert (
        f"The winner is {WINNER.candidate.arch.key[:8]} from diffusion: test accuracy 0.9870 ± 0.0010 (n = 3)" in text
    )
    assert "validation accuracy 0.9910 ± 0.0010 (n = 3)" in text
    assert "Limits kept: 48,120 params (params at most 49,999)." in text
    assert (
        'The winner beats the reference "small ResNet" (test accuracy 0.9610 ± 0.0010 (n = 3)): difference +0.026'
        in text
    )
    assert 'No clear difference from the reference "MobileNetV2"' in text
    assert "62 candidates were tried (" in text


def test_the_summary_of_less_happy_runs() -> None:
    better = full(chain("a"), "reference", 1, (0.999,) * 3, (0.998, 0.999, 0.998), note="giant")
    assert 'The winner does not beat the reference "giant"' in a_report(references=(better,)).text
    broken = replace(WORSE, failure="out of memory")
    assert 'The reference "small ResNet" failed: out of memory' in a_report(references=(broken,)).text
    lone = full(chain("w"), "table", 10, (0.9,))
    text = a_report(winner=lone, references=()).text
    assert "validation accuracy 0.9000 (n = 1). The test split was not read." in text
    assert "There is no reference network to compare with." in text
    heavy = full(chain("w"), "table", 60_000, (0.9,))
    assert "Limits BROKEN: 60,000 params (params at most 49,999)." in a_report(winner=heavy).text
    slow = replace(REQUEST, constraints=(Constraint("latency_ms", at_most=5),))
    assert "Limits not measured: latency at most 5 ms." in a_report(request=slow).text
    failed = [t for t in population() if t.failure]
    text = a_report(winner=None, references=(), trials=failed).text
    assert "No network was found" in text and "broke a limit (params at most 49,999): loosen it" in text
    assert "1 failed: the loss became NaN" in text
    assert a_report(winner=None, references=(), trials=[]).text.endswith("Nothing was tried.")


# --- the page

EVENTS = [
    {"kind": "request", "id": "request", "request": {}},
    {"kind": "measurement", "id": "1", "key": "k", "scorer": "short_train", "measurement": {"seconds": 90.0}},
    {"kind": "measurement", "id": "2", "key": "k", "scorer": "short_train", "failure": "NaN"},
    {"kind": "completion", "id": "3", "model": "SmolLM2"},
    {"kind": "warning", "text": "The gnn scorer was trained on labels of this task."},
]


def test_the_page_shows_all_parts(tmp_path: Path) -> None:
    made = a_report()
    write(made, tmp_path / "run", events=EVENTS)
    data = json.loads((tmp_path / "run" / "report.json").read_text())
    assert wire.from_data(Report, data) == made
    html = (tmp_path / "run" / "report.html").read_text()
    page = check(html)
    for text in (
        "How the sentence was read", "under 50k parameters", "params at most 49,999", "0.9870", "± 0.0010, 3 seeds",
        "beaten by the winner", "no clear difference from “MobileNetV2”", "asked for the best tenth", "kernel 5",
        "the loss became NaN", "short_train", "1 min 30 s", "SmolLM2", "was trained on labels of this task",
        "3 min 33 s", "torch", "The other 37", "at 0.25", "validation accuracy",
        "accuracy 0.9910 (3 seeds), params 48,120",
    ):  # fmt: skip
        assert text in page.text, text
    assert page.tags.count("svg") == 2 + 4, "the trade-off, the curves, the winner and three runners-up"
    assert html == render(made, EVENTS), "the same run must give the same page"


def test_a_reference_that_was_tested_leads_the_verdict() -> None:
    lucky = full(
        chain("input", "stem2", "output"), "reference", 49_000, (0.999,), note="hand-made: lucky on validation"
    )
    assert outcome.title(lucky) == "lucky on validation"
    page = check(render(a_report(references=(lucky, WORSE))))
    assert "Outcome beats “small ResNet”" in page.text
    assert "Outcome does not beat “lucky on validation”" in check(render(a_report(references=(lucky,)))).text


def test_sources_are_counted_by_stage() -> None:
    page = render(a_report())
    rows = re.findall(r"</i>(\w+)</td>((?:<td>\d+</td>){4})", page)
    counts = {name: [int(n) for n in re.findall(r"\d+", cells)] for name, cells in rows}
    trials = population()
    own = [t for t in trials if t.candidate.origin == "uniform"]
    limit = sum(bool(pareto.broken(t, REQUEST.constraints)) for t in own)
    assert counts["uniform"] == [len(own), len(own) - 1, len(own) - 1 - limit, len(own) - 1 - limit]
    assert 0 < limit < len(own)
    assert list(counts) == ["diffusion", "uniform", "regularized_evolution"]


def test_the_best_trial_leads_and_failures_come_last() -> None:
    html = render(a_report())
    keys = re.findall(r"<code title=\"[^\"]*\">(\w{8})</code>", html)
    assert keys[0] == WINNER.candidate.arch.key[:8]
    assert len(keys) == 62
    failed = [t.candidate.arch.key[:8] for t in population() if t.failure]
    assert set(keys[-len(failed) :]) == set(failed)


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    arch = Architecture(HOSTILE, (HOSTILE, "a<b>", "_" + HOSTILE, "日本"), ((0, 1), (0, 2), (1, 3), (2, 3)))
    bad = full(arch, HOSTILE, 10, (0.9, 0.8), (0.9, 0.7), note=HOSTILE)
    failed = Trial(Candidate(arch, "_" + HOSTILE, (HOSTILE,), HOSTILE), (Measurement(HOSTILE, 1.0),), HOSTILE)
    request = replace(
        REQUEST,
        goal=HOSTILE + "\ud800",
        task=Use(HOSTILE, {HOSTILE: HOSTILE}),
        objectives=(Objective("accuracy"), Objective("params", "min")),
        constraints=(Constraint("params", at_most=50), Constraint(HOSTILE, at_most=1)),
    )
    made = a_report(winner=bad, references=(bad, failed), trials=[bad, failed], request=request)
    events = [{"kind": "warning", "text": HOSTILE}, {"kind": "completion", "model": HOSTILE}]
    (tmp_path / "report.html").write_text(render(made, events), encoding="utf-8", errors="replace")
    page = check((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "alert('x')" in page.text, "it is shown, as text"
    assert "{{ 7*7 }}" in page.text


@pytest.mark.parametrize(
    ("made", "texts"),
    [
        (
            a_report(winner=None, references=(), trials=[]),
            ["no network found", "neither a winner nor a reference", "nothing to plot", "none to draw",
             "Nothing was proposed", "There are no trials", "No learning curves were recorded"],
        ),
        (
            a_report(winner=None, references=(), trials=[t for t in population() if t.failure]),
            ["no network found", "nothing to plot", "the loss became NaN"],
        ),
        (
            a_report(winner=Trial(Candidate(chain("x"), "table"), (Measurement("accuracy", 0.94),)), references=(),
                     request=replace(REQUEST, objectives=(Objective("accuracy"),), constraints=())),
            ["no reference to compare with", "The test split was not read", "No learning curves were recorded"],
        ),
        (
            a_report(winner=full(chain("x"), "t", 60_000, (0.9,), (0.9,)),
                     request=replace(REQUEST, validator=Use("train"))),
            ["a limit is broken", "rests on 1 training: too few"],
        ),
        (a_report(references=(replace(WORSE, measurements=(), failure="no memory"),)), ["failed: no memory"]),
    ],
    ids=["empty", "all failed", "table without references", "limit broken", "reference failed"],
)  # fmt: skip
def test_a_page_with_parts_missing_says_so(made: Report, texts: list[str]) -> None:
    page = check(render(made))
    for text in texts:
        assert text in page.text, text


def test_a_cost_that_is_the_only_objective_is_told_as_such() -> None:
    request = replace(REQUEST, objectives=(Objective("latency_ms", "min"),), constraints=())
    fast = Trial(Candidate(chain("x"), "uniform"), (Measurement("latency_ms", 2.0), Measurement("params", 10)))
    slow = Trial(Candidate(chain("y"), "reference", note="ref"), (Measurement("latency_ms", 3.0),))
    made = a_report(winner=fast, references=(slow,), trials=[fast], request=request)
    assert "validation latency 2 ms (n = 1)" in made.text
    check(render(made))


def test_the_trade_off_shows_the_limit_and_hides_no_point_in_silence() -> None:
    trials = population()
    svg = charts.draw_pareto(trials, REQUEST.objectives, REQUEST.constraints, references=[WORSE], winner=WINNER)
    assert svg is not None
    for text in (
        "limit",
        "reference",
        "winner",
        "hollow: measured after less training",
        "1 worse point lies outside the axis",
    ):
        assert f">{text}<" in svg, text
    assert svg == charts.draw_pareto(trials, REQUEST.objectives, REQUEST.constraints, references=[WORSE], winner=WINNER)
    assert charts.draw_pareto([], REQUEST.objectives) is None
    assert not re.search(r"(fill|stroke): #1d2733", svg), "ink must follow the page, light or dark"


def test_curves_need_curves() -> None:
    assert charts.draw_curves({"a": seeds("accuracy", 0.9)}) is None
    svg = charts.draw_curves(
        {"winner": seeds("accuracy", 0.9, 0.91, curve=True), "_x": seeds("accuracy", 0.8, curve=True)}
    )
    assert svg is not None and ">winner (2 seeds)<" in svg and "_x (1 seed)<" in svg


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((OSError, GenasError)):
        write(a_report(), tmp_path / "file", events=[])

"""What the terminal shows of candidates."""

from __future__ import annotations

from pathlib import Path

import pytest

from genas.core.records import Architecture, BatchRow, Candidate, Constraint, Measurement, Request, Trial, Use
from genas.faces.console import Bars, show_batch, show_candidates


def test_a_broken_limit_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    arch = Architecture("conv_net", ("input", "stem8", "plain k3 d1 w8", "output"), ((0, 1), (1, 2), (2, 3)))
    request = Request("x", Use("digits"), Use("conv_net"), constraints=(Constraint("params", at_most=19),))
    trials = [Trial(Candidate(arch, "given"), (Measurement("params", value),)) for value in (2034.0, 19.0)]
    show_candidates(trials, request)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[1:3] == ["from given: params 2,034", "params 2034 breaks params <= 19"]
    assert lines[4:] == ["from given: params 19"]


def test_a_stage_that_is_done_shows_a_full_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars() as bars:
        bars.stage("race, rung 1 of 3", 4)
        for _ in range(4):
            bars.step("leads accuracy 0.8500")
        bars.stage("final training", 100)
        bars.step("leads accuracy 0.9000")
    shown = [" ".join(line.split()) for line in capsys.readouterr().err.splitlines()]
    assert any(line.startswith("race, rung 1 of 3") and "4/4" in line and "0.8500" in line for line in shown)
    assert any(line.startswith("final training") and "100/100" in line for line in shown)


def test_text_from_outside_is_neither_markup_nor_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    outside = "[/markup] [red]x[/red] :smile: \x1b]0;title\x07\x1b[2J http://me:hunter2@h/"
    show_batch([BatchRow(outside, Path("a"), error=outside)])
    with Bars() as bars:
        bars.stage(outside, 2)
        bars.step(outside)
    shown = capsys.readouterr()
    for text in (shown.out, shown.err):
        flat = " ".join(text.replace("│", " ").split())
        assert "[/markup]" in flat and "[red]x[/red]" in flat and ":smile:" in flat
        assert "title" not in text and "\x1b]" not in text and "\x1b[2J" not in text and "hunter2" not in text

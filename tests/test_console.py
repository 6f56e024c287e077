"""What the terminal shows of candidates."""

from __future__ import annotations

import pytest

from genas.console import show_candidates
from genas.core.records import Architecture, Candidate, Constraint, Measurement, Request, Trial, Use


def test_a_broken_limit_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    arch = Architecture("conv_net", ("input", "stem8", "plain k3 d1 w8", "output"), ((0, 1), (1, 2), (2, 3)))
    request = Request("x", Use("digits"), Use("conv_net"), constraints=(Constraint("params", at_most=19),))
    trials = [Trial(Candidate(arch, "given"), (Measurement("params", value),)) for value in (2034.0, 19.0)]
    show_candidates(trials, request)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[1:3] == ["from given: params 2,034", "params 2034 breaks params <= 19"]
    assert lines[4:] == ["from given: params 19"]

"""Runs whose chat model is behind a bad server end with fewer candidates, never with a traceback."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hostile_server import BAD, say, serving

from genas import api
from genas.core.records import Budget, Trial, Use

GOAL = "A classifier for 8x8 handwritten digits under 2 million parameters"


def propose(address: str, out: Path) -> list[Trial]:
    model = {"model": "openai:m", "base_url": address, "timeout": 0.15, "retries": 0, "batch": 4}
    return api.propose(
        GOAL,
        6,
        out=out,
        proposers=(Use("uniform"), Use("llm", model)),
        scorers=(Use("params"),),
        budget=Budget(trials=2),
        device="cpu",
    )


def completions(out: Path) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in (out / "ledger.jsonl").read_text().splitlines()]
    return [event for event in events if event["kind"] == "completion"]


@pytest.mark.parametrize("how", BAD)
def test_a_bad_server_means_fewer_candidates(how: str, tmp_path: Path) -> None:
    with serving(BAD[how]) as server:
        trials = propose(server.address, tmp_path)
    assert len(trials) == 6 and {t.candidate.origin for t in trials} == {"uniform"}
    failures = [event["failure"] for event in completions(tmp_path)]
    assert failures and all(failure and len(failure) < 400 for failure in failures)


def test_a_good_server_brings_candidates(tmp_path: Path) -> None:
    def reply(request: dict[str, Any], number: int) -> Any:
        prompt = request["messages"][-1]["content"]
        legal = re.findall(r"^(?:half|full|double) stem\d+ .*\|.*$", prompt, flags=re.M)
        return say(json.dumps(legal[:4]))

    with serving(reply) as server:
        trials = propose(server.address, tmp_path)
    assert {t.candidate.origin for t in trials} == {"uniform", "llm"}
    assert all("failure" not in event for event in completions(tmp_path))

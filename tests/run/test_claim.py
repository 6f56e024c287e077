"""A ledger belongs to one request and one set of data; what is left of a refused run says whether it is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from genas.core import registry
from genas.core.errors import GenasError, RequestError
from genas.core.ledger import Ledger
from genas.core.progress import Silence
from genas.core.records import Request, Use
from genas.run.claim import claim, dear, know_data, need_data, tell

REQUEST = Request("digits", Use("digits"), Use("conv_net"), validator=Use("train"))


def test_a_ledger_serves_the_same_request_again_and_no_other() -> None:
    ledger = Ledger()
    claim(REQUEST, ledger)
    claim(REQUEST, ledger)
    assert [event["kind"] for event in ledger.read()] == ["request"]
    with pytest.raises(RequestError, match="belongs to another request"):
        claim(replace(REQUEST, seed=1), ledger)


def test_data_that_changed_since_the_run_began_are_refused() -> None:
    task, ledger = registry.create("tasks", "digits"), Ledger()
    know_data(task, ledger)
    know_data(task, ledger)
    assert [event["kind"] for event in ledger.read()] == ["data"]
    other = Ledger()
    other.append({"kind": "data", "id": "data", "parts": dict.fromkeys(task.identity(), "0" * 64)})
    with pytest.raises(GenasError):
        know_data(task, other)


def test_described_data_can_be_proposed_for_but_not_trained_on() -> None:
    described = registry.create("tasks", "described")
    with pytest.raises(RequestError, match="only described"):
        need_data(REQUEST, described)
    need_data(replace(REQUEST, validator=Use("table")), described)


def test_a_note_on_the_data_is_told_now_and_kept_for_the_report() -> None:
    ledger, heard = Ledger(), list[str]()

    class Heard(Silence):
        def note(self, text: str) -> None:
            heard.append(text)

    tell(["3 rows were left out"], ledger, Heard())
    assert heard == [event["text"] for event in ledger.read()] == ["3 rows were left out"]


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        (
            {"kind": "completion", "id": "c", "model": "m", "by": "llm", "role": "propose", "seed": 0, "prompt": "p"}
            | {"reply": "r", "seconds": 1.0},
            True,
        ),
        ({"kind": "measurement", "id": "m", "key": "k", "scorer": "race", "failure": "diverged"}, True),
        ({"kind": "measurement", "id": "m", "key": "k", "scorer": "params", "failure": "no"}, False),
        ({"kind": "warning", "id": "w", "text": "t"}, False),
    ],
)
def test_only_what_took_time_or_money_is_kept_of_a_refused_run(event: dict[str, object], kept: bool) -> None:
    ledger = Ledger()
    ledger.append(event)
    assert dear(ledger, "accuracy") is kept

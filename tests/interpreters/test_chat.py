"""The chat interpreter with a scripted LangChain model: rules first, no number invented or lost, failures told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

from genas.core import declared
from genas.core.errors import RequestError
from genas.core.metrics import Metric
from genas.core.records import Constraint, Objective, Use
from genas.interpreters.chat import Chat

SENTENCE = "The thing for MNIST should weigh in at fifty-ish 50k thingies tops"


class Scripted(BaseChatModel):
    """Answers with one text, or raises."""

    reply: str = ""
    fails: bool = False
    prompts: list[str] = Field(default_factory=list)
    schemas: list[Any] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self.bind(tools=tools)

    def with_structured_output(self, schema: Any, **kwargs: Any) -> Any:
        from langchain_core.output_parsers import JsonOutputParser

        self.schemas.append(schema)
        return self | JsonOutputParser()

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        self.prompts.append(str(messages[-1].content))
        if self.fails:
            raise TimeoutError("no answer")
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self.reply))])


def record(value: str = "50", unit: str = "k", **more: Any) -> str:
    limit = {"metric": "params", "comparison": "at most", "value": value, "unit": unit}
    return json.dumps({"task": "mnist", "constraints": [limit], "objectives": [], "question": ""} | more)


def test_what_the_rules_read_needs_no_model() -> None:
    model = Scripted(fails=True, prompts=[])
    assert Chat(llm=model).read("mnist, at most 5 ms").task == Use("mnist")
    assert not model.prompts


def test_the_model_reads_what_the_rules_cannot() -> None:
    model = Scripted(reply=record(objectives=["accuracy", "latency_ms"]), prompts=[])
    request = Chat(llm=model).read(SENTENCE)
    assert request.task == Use("mnist")
    assert request.goal == SENTENCE
    assert request.constraints == (Constraint("params", at_most=50_000),)
    assert request.objectives == (Objective("accuracy"), Objective("latency_ms", "min"))
    assert SENTENCE in model.prompts[0]


def test_the_model_may_name_another_packages_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    power = Metric("power_mw", "mW", "min", "cost")
    monkeypatch.setattr(declared, "outside", lambda: (power,))
    limit = {"metric": "power_mw", "comparison": "at most", "value": "3", "unit": "mW"}
    model = Scripted(reply=record(constraints=[limit], objectives=["accuracy", "power_mw"]), prompts=[], schemas=[])
    request = Chat(llm=model).read("The thing for MNIST should sip 3 thingies of power_mw tops")
    assert request.constraints == (Constraint("power_mw", at_most=3.0),)
    assert request.objectives == (Objective("accuracy"), Objective("power_mw", "min"))
    fields = model.schemas[0]["properties"]
    assert "power_mw" in fields["constraints"]["items"]["properties"]["metric"]["enum"]
    assert "power_mw" in fields["objectives"]["items"]["enum"]


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (record("60"), "60 is not in your sentence"),
        (json.dumps({"task": "mnist", "constraints": [], "objectives": [], "question": ""}), "50 .*left out"),
        (record(task="rm -rf"), "no task"),
        (record(question="How many parameters?"), "asks: How many"),
        (record(unit="; on cuda:1"), "is not a limit"),
        (record(budget="999 hours"), "999 is not in"),
        ("not json", "chat model failed"),
        ("[1, 2]", "no record"),
        (json.dumps({"task": "mnist", "constraints": "all", "objectives": []}), "not a list"),
    ],
)
def test_a_bad_reply_is_refused(reply: str, says: str) -> None:
    with pytest.raises(RequestError, match=says):
        Chat(llm=Scripted(reply=reply, prompts=[])).read(SENTENCE)


def test_a_failing_model_is_told() -> None:
    with pytest.raises(RequestError, match="chat model failed: TimeoutError"):
        Chat(llm=Scripted(fails=True, prompts=[])).read(SENTENCE)


def test_nothing_to_read_asks_no_model() -> None:
    model = Scripted(reply=record(), prompts=[])
    with pytest.raises(RequestError, match="Nothing is asked for"):
        Chat(llm=model).read("?!")
    assert not model.prompts


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("an autoencoder for MNIST of fifty-ish 50k thingies tops", "'autoencoder' is not served"),
        ("MNIST digits in scans.pdf of fifty-ish 50k thingies tops", "'scans.pdf' can't be read"),
    ],
)
def test_what_is_not_served_or_not_read_is_no_question_for_the_model(sentence: str, says: str) -> None:
    model = Scripted(reply=record(), prompts=[])
    with pytest.raises(RequestError, match=says):
        Chat(llm=model).read(sentence)
    assert not model.prompts


def test_the_model_chooses_no_other_data_than_those_at_the_path() -> None:
    sentence = "The thing for ./pets should weigh in at fifty-ish 50k thingies tops"
    request = Chat(llm=Scripted(reply=record(task="mnist"), prompts=[])).read(sentence)
    assert request.task == Use("images", {"path": "./pets"})
    assert request.constraints == (Constraint("params", at_most=50_000),)

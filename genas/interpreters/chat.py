"""Reads with a chat model what the rules can't; the model may choose words but never numbers."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from genas.core import declared, registry
from genas.core.errors import GenasError, RequestError
from genas.core.interfaces import Interpreter
from genas.core.records import Request
from genas.interpreters.exact import Exact as _Exact
from genas.interpreters.limits.vocabulary import NAMES
from genas.interpreters.plain.languages import english
from genas.interpreters.plain.text import plain
from genas.interpreters.plain.verbatim import set_apart
from genas.interpreters.subject.own_data import OWN, UnreadPath
from genas.interpreters.subject.unserved import NotServed

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_LONGEST = 4000
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*(?:e[+-]?[0-9]+)?", re.I)
_UNIT = re.compile(r"[A-Za-zµ%/ -]{0,24}")
_SIGNS = {"at most", "at least", "under", "over"}


class Chat(Interpreter):
    """Rules first; where they refuse, a chat model rewrites the sentence in words that the rules can read.

    The model fills in a record with a fixed schema. The record is turned into a plain sentence, which the rules read
    and check like any other. It is an error if the record holds a number that the user's sentence does not, or lacks
    one that it does. Nothing in the reply is executed, and the only plug-in it can choose is the task. Only the rules
    read paths to data. A request for something that genas does not offer is refused without asking the model.

    Args:
        llm: the chat model: a LangChain BaseChatModel, a name of `genas list llms`, or "provider:name".
    """

    name = "chat"

    def __init__(self, *, llm: Any = "local") -> None:
        self._llm, self._exact = llm, _Exact()

    def read(self, sentence: str, **known: Any) -> Request:
        """The rules' request, or the one that the model's record makes.

        Raises:
            RequestError: neither can read it; the message is the rules' own, with what the model would ask.
        """
        try:
            return self._exact.read(sentence, **known)
        except (NotServed, UnreadPath):
            raise  # the model must not replace the work or the data that the user asked for
        except RequestError as refusal:
            if not re.search(r"\w", sentence) or len(sentence) > _LONGEST:
                raise
            reason = refusal
        if "task" not in known and set_apart(sentence).paths:
            known = {**known, "task": self._exact.task(sentence)}
        record = self._record(sentence, reason)
        question = record.get("question")
        if isinstance(question, str) and question.strip():
            raise RequestError(f"{reason} The chat model asks: {_line(question)}")
        try:
            rewritten = _sentence(record, named="task" in known)
            _check_numbers(sentence, rewritten)
            request = self._exact.read(rewritten, **known)
        except RequestError as error:
            raise RequestError(f"{reason} (The chat model's reading does not hold: {error})") from error
        return Request(**{**request.__dict__, "goal": known.get("goal", sentence)})

    def _record(self, sentence: str, reason: RequestError) -> dict[str, Any]:
        """The model's reply as a record; RequestError if it gives none."""
        from genas.llms import _prompts

        prompt = _prompts.load_prompt("interpret")
        text = prompt.render(sentence=sentence, problem=str(reason), tasks=", ".join(_tasks()))
        assert prompt.schema is not None
        schema = {"title": "request", "description": prompt.name, **_with_metrics(prompt.schema)}
        try:
            reply = self._model().with_structured_output(schema, method="json_schema").invoke(text)
        except GenasError as error:
            raise RequestError(f"{reason} (The chat model failed: {_line(str(error))})") from error
        except Exception as error:  # providers raise their own classes for transport, time-out and malformed replies
            raise RequestError(
                f"{reason} (The chat model failed: {_line(f'{type(error).__name__}: {error}')})"
            ) from error
        if not isinstance(reply, dict):
            raise RequestError(f"{reason} (The chat model gave no record.)")
        return reply

    def _model(self) -> BaseChatModel:
        from genas.llms._reach import chat_model

        model: BaseChatModel = chat_model(self._llm) if isinstance(self._llm, str) else self._llm
        return model


def _tasks() -> list[str]:
    """Tasks that need no more than their name."""
    return [name for name in registry.names("tasks") if name not in OWN]


def _names() -> dict[str, str]:
    """The metrics that a record may name, each as the rules read it: the standard ones and those of other packages."""
    return {**NAMES, **{metric.name: metric.name for metric in declared.outside()}}


def _with_metrics(schema: dict[str, Any]) -> dict[str, Any]:
    """The record's schema, whose limits and objectives may be on other packages' metrics too."""
    whole = copy.deepcopy(schema)
    fields = whole["properties"]
    for part in (fields["constraints"]["items"]["properties"]["metric"], fields["objectives"]["items"]):
        part["enum"] += [metric.name for metric in declared.outside()]
    return whole


def _sentence(record: dict[str, Any], named: bool) -> str:
    """The record as a sentence that the rules can read; RequestError where it does not follow the schema.

    Args:
        record: the model's reply.
        named: whether the task is known already, so that the model can't choose it.
    """
    task = record.get("task")
    if not named and task not in _tasks():
        raise RequestError(f"no task {_line(json.dumps(task))}")
    parts, names = [] if named else [str(task)], _names()
    for limit in _list(record, "constraints"):
        if not isinstance(limit, dict) or limit.get("metric") not in names:
            raise RequestError("a limit without a known metric")
        value, unit, sign = (str(limit.get(key, "")).strip() for key in ("value", "unit", "comparison"))
        if not _NUMBER.fullmatch(value) or not _UNIT.fullmatch(unit) or sign not in _SIGNS:
            raise RequestError(f"{_line(json.dumps(limit))} is not a limit")
        parts.append(f"{names[limit['metric']]} {sign} {value} {unit}".strip())
    wishes = [wish for wish in _list(record, "objectives") if wish in names]
    if wishes:
        parts.append("first " + ", then ".join(names[wish] for wish in wishes))
    for key, lead in (("budget", "search budget of "), ("device", "on ")):
        if text := re.sub(r"[^\w .:-]", " ", str(record.get(key) or "")).strip()[:60]:
            parts.append(text if re.search(r"trial", text) else lead + text)
    return "; ".join(parts)


def _list(record: dict[str, Any], key: str) -> Sequence[Any]:
    items = record.get(key) or []
    if not isinstance(items, list):
        raise RequestError(f"{key} is not a list")
    return items


def _check_numbers(sentence: str, rewritten: str) -> None:
    """RequestError unless both hold the same numbers, apart from those in task names: none invented, none lost."""
    # translated twice: a sentence may mix languages, and none of its numbers may get lost
    in_sentence, in_record = (_numbers(plain(english(set_apart(text).restored()))) for text in (sentence, rewritten))
    in_names = set().union(*(_numbers(name) for name in _tasks()))
    if invented := in_record - in_sentence - in_names:
        raise RequestError(f"{_shown(invented)} is not in your sentence")
    if lost := in_sentence - in_record - in_names:
        raise RequestError(f"{_shown(lost)} of your sentence is left out")


def _numbers(text: str) -> set[float]:
    return {float(number.replace(",", "")) for number in _NUMBER.findall(text) if number.count(".") < 2}


def _shown(numbers: set[float]) -> str:
    return ", ".join(f"{number:g}" for number in sorted(numbers))


def _line(text: str) -> str:
    """The text on one line: no control characters, at most 200 characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= 200 else line[:199] + "…"

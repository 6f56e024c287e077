"""A conversation about networks: a chat model whose only tools are the verbs, and whose figures are checked."""

from __future__ import annotations

import inspect
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from genas.core.errors import GenasError, LLMFailed, RequestError
from genas.core.outside import shown
from genas.faces import provenance
from genas.faces.tools import READING, WRITING, Verbs, signature
from genas.llms._answer import answer_of
from genas.reporting import outcome

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AnyMessage
    from langchain_core.tools import BaseTool

    from genas.core.progress import Progress

_CALLS = 16  # of the model in one turn
_LONGEST = 20_000  # characters of an answer, or of a tool result, that are kept
_ADVICE = "Name a chat model that calls tools, such as --llm openai:MODEL (docs/requests.md), or write: genas design"


class Answer(NamedTuple):
    """What the model said, and the numbers in it that are in no tool result and not in the user's words."""

    text: str
    unsourced: tuple[str, ...]


class _Stopped(GenasError):
    """The user stopped the work of a tool."""


class _Watched:
    """Progress that ends the work when the user has asked for it."""

    def __init__(self, progress: Progress | None, stop: threading.Event) -> None:
        self._progress, self._stop = progress, stop

    def stage(self, name: str, total: int) -> None:
        """A stage of `total` steps begins."""
        if self._progress is not None:
            self._progress.stage(name, total)

    def step(self, text: str = "") -> None:
        """One more step is done."""
        self.check()
        if self._progress is not None:
            self._progress.step(text)

    def note(self, text: str) -> None:
        """Something that the user must know before the run goes on."""
        if self._progress is not None:
            self._progress.note(text)

    def check(self) -> None:
        """End the work where the user has asked for it."""
        if self._stop.is_set():
            raise _Stopped("The user stopped it. Nothing is lost: the same call goes on from here.")


class Chat:
    """A conversation with a chat model that works through the verbs of genas.api and nothing else.

    Args:
        llm: "provider:model" as LangChain's init_chat_model names it, or a BaseChatModel that calls tools.
        root: the folder below which runs are written and read.
        data: folders in which requests may name files, beside the root.
        approve: shown what a design or a further training will do and may cost; where it says no, nothing is spent.
        progress: told about each stage and step of a tool's work.
        notify: told of each tool call, in one line.
        timeout: seconds to wait for one reply of a provider.
        retries: times that a failed transport is tried again.

    Raises:
        RequestError: there is no such model, or it calls no tools; the message says what to write.
    """

    def __init__(
        self,
        llm: str | BaseChatModel,
        root: Path,
        *,
        data: Sequence[Path] = (),
        approve: Callable[[str], bool],
        progress: Progress | None = None,
        notify: Callable[[str], None] = lambda _: None,
        timeout: float = 60.0,
        retries: int = 2,
    ) -> None:
        from langchain.agents import create_agent

        from genas.llms._prompts import load_prompt
        from genas.llms._reach import chat_model, patience

        model = chat_model(llm, timeout=timeout, retries=retries) if isinstance(llm, str) else llm
        self._notify, self._stop = notify, threading.Event()
        self._messages: list[AnyMessage] = []
        watched = _Watched(progress, self._stop)
        self._verbs = Verbs(root, data=data, progress=watched, approve=approve, waiting=watched.check)
        tools = [self._tool(name) for name in (*READING, *WRITING)]
        _check_tools(model)
        system = load_prompt("agent").render()
        self._agent: Any = create_agent(
            model, tools, system_prompt=system, middleware=_guards(patience(timeout, retries))
        )

    @property
    def working(self) -> bool:
        """Whether a tool is at work (proposing, designing or training), which `stop` ends."""
        return self._verbs.working

    def stop(self) -> None:
        """End the work of the tool at its next step; the conversation goes on."""
        self._stop.set()

    def say(self, text: str) -> Answer:
        """The model's answer to the user's words. A failure leaves the conversation as it was before.

        Raises:
            LLMFailed: the model could not be reached, gave no answer, or went round in circles.
        """
        from langchain_core.messages import HumanMessage

        self._stop.clear()
        messages: list[AnyMessage] = [*self._messages, HumanMessage(text)]
        for update in self._agent.stream({"messages": messages}, stream_mode="updates"):
            for change in update.values():
                messages += (change or {}).get("messages", [])
        answer = _shown(str(messages[-1].text))
        if not answer:
            raise LLMFailed("The chat model gave no answer that can be read. Ask again, or name another --llm.")
        messages[-1] = messages[-1].model_copy(update={"content": answer})
        self._messages = messages
        sources = [str(m.text) for m in messages if m.type in {"human", "tool"}]
        return Answer(answer, tuple(provenance.unsourced(answer, sources)))

    def _tool(self, name: str) -> BaseTool:
        """The verb as a LangChain tool: its result in words, its refusals as errors that the model reads."""
        from langchain_core.tools import StructuredTool, ToolException

        verb = getattr(Verbs, name)

        def call(**arguments: Any) -> str:
            self._notify(_told(name, arguments))
            try:
                return _words(self._verbs.call(name, **arguments))
            except GenasError as error:
                raise ToolException(shown(str(error))) from error

        call.__signature__ = told = signature(verb)  # type: ignore[attr-defined]
        call.__annotations__ = {key: p.annotation for key, p in told.parameters.items()}
        tool = StructuredTool.from_function(
            call,
            name=name,
            description=inspect.getdoc(verb),
            handle_tool_error=True,
        )
        schema: Any = tool.args_schema
        schema.model_config["extra"] = "forbid"  # else arguments that are not known would be dropped silently
        schema.model_rebuild(force=True)
        return tool


def _check_tools(model: BaseChatModel) -> None:
    """Check that the model takes tools and can choose among them; RequestError if not."""
    from langchain_core.language_models import BaseChatModel

    from genas.llms.local import LocalModel

    name = getattr(model, "model_name", None) or getattr(model, "model", None) or model._llm_type
    if isinstance(model, LocalModel):
        raise RequestError(f"The embedded chat model is too small to choose tools. {_ADVICE}")
    if type(model).bind_tools is BaseChatModel.bind_tools:  # LangChain's own, which no model with tools has
        raise RequestError(f"The chat model {name!r} calls no tools. {_ADVICE}")


def _guards(seconds: float) -> list[Any]:
    """Turn failures of the model's transport into LLMFailed, and end circles and replies that take too long."""
    from langchain.agents.middleware import wrap_model_call

    from genas.llms._patience import within

    @wrap_model_call
    def reach(request: Any, handler: Callable[[Any], Any]) -> Any:
        since = [m.type for m in reversed(request.messages)]
        if since[: since.index("human")].count("ai") >= _CALLS:
            raise LLMFailed(f"The chat model called tools {_CALLS} times without an answer. Ask in smaller steps.")
        try:
            return within(seconds, lambda: handler(request))
        except GenasError:
            raise
        except Exception as error:  # providers raise classes of their own: transport, time-out, malformed reply
            reason = outcome.clean(f"{type(error).__name__}: {error}", 200)
            raise LLMFailed(f"The chat model failed ({reason}). Ask again, or name another --llm.") from error

    return [reach]


def _told(name: str, arguments: dict[str, Any]) -> str:
    given = ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in arguments.items() if value)
    return outcome.clean(f"{name}({given})", 160)


def _words(result: Any) -> str:
    """A verb's result as the model reads it: sentences if there are some, without bulky records."""
    if isinstance(result, dict) and "plan" in result:
        text = f"{result['text']}\n\n{result['plan']}"
    elif isinstance(result, dict) and "folder" in result:
        text = f"{result['text']}\n\nThe run is in {result['folder']}; call report for its details."
    elif isinstance(result, dict) and "files" in result:
        text = str(result["text"])
    elif isinstance(result, dict) and "trials" in result:
        text = "\n".join(map(_candidate, result["texts"], result["trials"]))
    else:
        text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, indent=0)
    return _cut(text)


def _candidate(text: str, trial: dict[str, Any]) -> str:
    scores = ", ".join(f"{m['metric']} {outcome.number(m['metric'], m['value'])}" for m in trial["measurements"])
    return f"{text} (from {trial['candidate']['origin']}: {scores})"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n[cut after {_LONGEST} characters]"


def _shown(text: str) -> str:
    """The answer, cleaned for a terminal and cut to a limit."""
    return _cut(shown(answer_of(text)).strip())

"""The verbs of genas.api as tools of an MCP server, for agents and editors: over stdio or streamable HTTP."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import CancelledError
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict, TypeVar

import anyio
from anyio import from_thread, to_thread
from pydantic import Field

from genas import __version__, api, summary
from genas.core import registry, wire
from genas.core.errors import GenasError, MissingArtifact, RequestError
from genas.core.records import Request

try:
    from mcp.server.mcpserver import Context, MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.server.mcpserver.tools import Tool
    from mcp.types import ToolAnnotations
except ImportError as _error:
    raise MissingArtifact("The package mcp", "Install it with: pip install 'genas[mcp]'") from _error

T = TypeVar("T")
Data = dict[str, Any]

_INSTRUCTIONS = """genas designs neural networks under hard limits: candidates are generated, ranked, refined, and the
best are really trained beside hand-made references. Show the user what `interpret` understood before `design`, which
may take minutes to hours; a budget ("20 minutes", "30 trials") bounds it. A tool error says what to write instead.
A stopped `design` goes on where it was when the same call is made again."""

_ADDRESSES = {"base_url", "model_options"}  # where a chat model is: for whoever starts the server, who owns the keys

Sentence = Annotated[str, Field(description="What is wanted, in words: data, limits, what counts, budget.")]
Llm = Annotated[str | None, Field(description='A chat model that proposes too: "local" or "provider:model".')]
Known = Annotated[
    Data | None,
    Field(
        description=(
            "Fields of a request, which win over the sentence: task, space, objectives, constraints, device, budget, "
            'seed, proposers, scorers, refiners, validator. For example {"task": "digits", "seed": 1, "budget": '
            '"20 minutes", "constraints": [{"metric": "params", "at_most": 50000}], "proposers": ["uniform"]}.'
        )
    ),
]
Out = Annotated[
    str | None,
    Field(description="The run's folder, inside the server's root. Default: one that belongs to the request."),
]


class Reading(TypedDict):
    """How a sentence is read: for people, and as a record."""

    text: str
    request: Data


class Proposals(TypedDict):
    """Candidates, the most promising first; `texts` are their architectures in the space's own words."""

    texts: list[str]
    trials: list[Data]


class Outcome(TypedDict):
    """What a run found; `report.html`, `report.json`, `ledger.jsonl` and `winner/` lie in the folder."""

    text: str
    folder: str
    winner: Data | None
    references: list[Data]
    spent: Data


class _Notices:
    """Progress as notifications of one call, sent from its worker thread; a cancelled call ends at the next one."""

    def __init__(self, context: Context[Any, Any]) -> None:
        self._context, self._stage, self._sent, self._end = context, "", 0, 0

    def stage(self, name: str, total: int) -> None:
        """A stage of `total` steps begins."""
        self._stage, self._end = name, self._sent + 1 + total
        self._send(f"{name}: {total} steps")

    def step(self, text: str = "") -> None:
        """One more step is done."""
        self._send(f"{self._stage}: {text}" if text else self._stage)

    def _send(self, message: str) -> None:
        from_thread.check_cancelled()
        self._sent += 1  # over all stages, as the protocol wants figures that only grow
        total = self._end if self._sent <= self._end else None
        try:
            from_thread.run(self._context.report_progress, self._sent, total, message)
        except CancelledError:
            from_thread.check_cancelled()
            raise


class _Tools:
    """The tools, each one function of genas.api.

    Args:
        root: the folder below which runs are written; nothing is written elsewhere.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._turn = anyio.CapacityLimiter(1)  # trainings share torch's threads and random numbers: one at a time

    async def plugins(
        self, kind: Annotated[str | None, Field(description="spaces, tasks, proposers, scorers, ...")] = None
    ) -> dict[str, dict[str, str]]:
        """List the plug-ins of one kind or of all: per kind, name to first line."""
        return await _work(partial(api.plugins, kind))

    async def explain(self, name: Annotated[str, Field(description="Name of a plug-in.")]) -> str:
        """Say what a plug-in is, where it comes from and which options it takes."""
        return await _work(partial(api.explain, name))

    async def interpret(self, sentence: Sentence = "", llm: Llm = None, known: Known = None) -> Reading:
        """Read a sentence into a full request, defaults filled in; a dry run: nothing is trained or written."""
        request = await _work(partial(_read, sentence, llm, known))
        return Reading(text=summary.block(request), request=wire.to_data(request))

    async def propose(
        self,
        context: Context[Any, Any],
        sentence: Sentence = "",
        n: Annotated[int, Field(description="How many candidates.", ge=1, le=1000)] = 20,
        llm: Llm = None,
        known: Known = None,
    ) -> Proposals:
        """Propose architectures that keep the limits, with their cheap scores; nothing is trained or written."""
        request = await _work(partial(_read, sentence, llm, known))
        return await self._run(context, partial(_propose, request, n))

    async def design(
        self,
        context: Context[Any, Any],
        sentence: Sentence = "",
        llm: Llm = None,
        known: Known = None,
        out: Out = None,
    ) -> Outcome:
        """Design, train, test and export a network: a long job with progress, which may be cancelled.

        The same call made again goes on with a stopped run, and returns a finished one.
        """
        request = await _work(partial(_read, sentence, llm, known))
        folder = await _work(partial(self._folder, request, out))
        return await self._run(context, partial(_design, request, folder))

    async def _run(self, context: Context[Any, Any], job: Callable[[_Notices], T]) -> T:
        """The job in a worker thread, when it is its turn; cancelled, it ends at its next step."""
        return await _work(partial(job, _Notices(context)), limiter=self._turn)

    def _folder(self, request: Request, out: str | None) -> Path:
        """The run's folder, made if need be; RequestError for one outside the root."""
        advice = "Name a folder such as 'digits-1', or leave `out` away."
        try:
            folder = (self._root / (default_name(request) if out is None else out)).resolve()
            if folder == self._root or not folder.is_relative_to(self._root):
                raise RequestError(f"Runs are written inside the server's root folder only, not in {out!r}. {advice}")
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            raise RequestError(f"No run can be written in {out!r}: {error}. {advice}") from error
        return folder


async def _work(job: Callable[[], T], limiter: anyio.CapacityLimiter | None = None) -> T:
    """The job in a worker thread; what genas raises on purpose becomes a tool error with the same words."""
    try:
        return await to_thread.run_sync(job, limiter=limiter)
    except GenasError as error:
        raise ToolError(str(error)) from error


def _read(sentence: str, llm: str | None, known: Data | None) -> Request:
    plain = dict(known or {})
    goal = plain.pop("goal", "")
    if isinstance(budget := plain.get("budget"), str):
        plain["budget"] = wire.to_data(api.parse_budget(budget))
    request = api.interpret(sentence or str(goal), llm=llm, **wire.partial(plain))
    for use in (*request.proposers, *request.refiners):
        if refused := sorted(_ADDRESSES & use.options.keys()):
            raise RequestError(
                f"{use.name}: {refused[0]} can't be given to this server. Where a chat model is, the environment of "
                "the server says (docs/requests.md); leave that option out."
            )
    return request


def _propose(request: Request, n: int, notices: _Notices) -> Proposals:
    trials, space = api.propose(request, n, progress=notices), registry.create("spaces", request.space)
    return Proposals(texts=[space.to_text(t.candidate.arch) for t in trials], trials=[wire.to_data(t) for t in trials])


def _design(request: Request, folder: Path, notices: _Notices) -> Outcome:
    report = api.design(request, out=folder, progress=notices)
    return Outcome(
        text=report.text,
        folder=str(folder),
        winner=None if report.winner is None else wire.to_data(report.winner),
        references=[wire.to_data(t) for t in report.references],
        spent=wire.to_data(report.spent),
    )


def default_name(request: Request) -> str:
    """The folder's name of a request that names none: the same for the same request, so that it goes on."""
    text = json.dumps(wire.to_data(request), sort_keys=True)
    slug = api.default_folder(request.goal).name.split("-", 2)[2]  # <date>-<time>-<slug>
    return f"{slug}-{hashlib.blake2b(text.encode(), digest_size=4).hexdigest()}"


def _tool(function: Callable[..., Any], *, writes: bool = False) -> Tool:
    """The function as a tool that refuses arguments it does not know (the SDK would drop them silently)."""
    hints = ToolAnnotations(read_only_hint=not writes, destructive_hint=False, idempotent_hint=True)
    tool = Tool.from_function(function, annotations=hints)
    arguments = tool.fn_metadata.arg_model
    arguments.model_config["extra"] = "forbid"
    arguments.model_rebuild(force=True)
    tool.parameters = arguments.model_json_schema(by_alias=True)
    return tool


def make(root: Path) -> MCPServer[Any]:
    """The server, not yet listening.

    Args:
        root: the folder below which runs are written; made if need be.
    """
    root = root.expanduser().resolve()
    root.mkdir(parents=True, exist_ok=True)
    tools = _Tools(root)
    reading = [_tool(f) for f in (tools.plugins, tools.explain, tools.interpret, tools.propose)]
    return MCPServer(
        "genas",
        version=__version__,
        instructions=_INSTRUCTIONS,
        tools=[*reading, _tool(tools.design, writes=True)],
        log_level="WARNING",
    )


def serve(transport: Literal["stdio", "http"], *, root: Path, host: str = "127.0.0.1", port: int = 8765) -> None:
    """Serve until the client goes (stdio) or the process is interrupted (http, at http://host:port/mcp).

    There is no log-in: whoever reaches the port may start runs and have files of images read, so leave `host` at
    loopback, or put a proxy that asks for credentials before it. At loopback, requests that a browser was tricked
    into sending are refused (Host and Origin are checked).

    Args:
        transport: stdio for a client that starts this process, http for one that connects to it.
        root: the folder below which runs are written.
        host: the address to listen on.
        port: the port to listen on.
    """
    server = make(root)
    if transport == "stdio":
        server.run("stdio")
    else:
        server.run("streamable-http", host=host, port=port)

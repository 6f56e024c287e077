"""The verbs of genas.api as tools of an MCP server, for agents and editors: over stdio or streamable HTTP."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from functools import partial
from pathlib import Path
from typing import Any, Literal

import anyio
from anyio import from_thread, to_thread

from genas import __version__
from genas.core.errors import GenasError, MissingArtifact, RequestError
from genas.core.ledger import folder_for_run
from genas.core.outside import shown
from genas.faces.tools import LIGHT, LONG, LONGEST, READING, WRITING, Verbs, signature

try:
    from mcp.server.mcpserver import Context, MCPServer
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.server.mcpserver.tools import Tool
    from mcp.types import ToolAnnotations
except ImportError as _error:
    raise MissingArtifact("The package mcp", "Install it with: pip install 'genas[mcp]'") from _error

_INSTRUCTIONS = """genas designs neural networks under hard limits: candidates are generated, ranked, refined, and the
best are really trained beside hand-made references. Show the user what `interpret` understood before `design`, which
may take minutes to hours; a budget ("20 minutes", "30 trials") bounds it. A tool error says what to write instead.
A stopped `design` goes on where it was when the same call is made again; `report` explains a finished one."""

_SILENCE, _BIT = 10.0, 1e-3  # seconds without a word, after which a client is told again; by how much the figure grows


class _Notices:
    """Progress as notifications of one call, sent from its worker thread; a cancelled call ends at the next one.

    A client whose call has been silent for some seconds is told again where it is, since many give up on silence.
    """

    def __init__(self, context: Context[Any, Any]) -> None:
        self._context, self._stage, self._sent, self._end = context, "", 0.0, 0.0
        self._text, self._last = "started", anyio.current_time()

    def stage(self, name: str, total: int) -> None:
        """A stage of `total` steps begins."""
        self._stage, self._end = name, float(int(self._sent)) + 1 + total
        self._send(f"{name}: {total} steps")

    def step(self, text: str = "") -> None:
        """One more step is done."""
        self._send(f"{self._stage}: {text}" if text else self._stage)

    def note(self, text: str) -> None:
        """Something that the user must know before the run goes on."""
        self._send(f"note: {text}")

    def _send(self, message: str) -> None:
        from_thread.check_cancelled()
        try:
            from_thread.run(self._report, float(int(self._sent)) + 1, message)
        except CancelledError:
            from_thread.check_cancelled()
            raise

    async def _report(self, sent: float, message: str) -> None:
        """In the event loop: the figure grows over all stages, as the protocol wants it."""
        self._sent, self._text, self._last = sent, message, anyio.current_time()
        total = self._end if self._sent <= self._end else None
        await self._context.report_progress(self._sent, total, message)

    async def repeat(self) -> None:
        """Repeat the last notice whenever there was none for some seconds, until cancelled."""
        while True:
            await anyio.sleep(1.0)
            if anyio.current_time() - self._last >= _SILENCE:
                await self._report(self._sent + _BIT, self._text)


def _tool(name: str, thread: anyio.CapacityLimiter, verbs: Callable[..., Verbs]) -> Tool:
    """The verb as a tool: it works in a thread, and refuses arguments it does not know (the SDK would drop them).

    Args:
        thread: long verbs take turns, so those of one server need no more than one thread.
    """
    verb = getattr(Verbs, name)

    async def call(context: Context[Any, Any], **arguments: Any) -> Any:
        notices = _Notices(context)
        tools = verbs(progress=notices, waiting=from_thread.check_cancelled)
        job = partial(_attempt, partial(tools.call, name, **arguments))
        answer: Any = ToolError(f"{name} took longer than {LIGHT:.0f} seconds. Ask for less, or in plainer words.")
        if name not in LONG:
            with anyio.move_on_after(LIGHT):
                answer = await to_thread.run_sync(job, abandon_on_cancel=True)
        else:
            async with anyio.create_task_group() as group:
                group.start_soon(notices.repeat)
                answer = await to_thread.run_sync(job, limiter=thread)
                group.cancel_scope.cancel()
        if isinstance(answer, ToolError):
            raise answer
        return answer

    _pose_as(call, verb)
    hints = ToolAnnotations(read_only_hint=name in READING, destructive_hint=False, idempotent_hint=True)
    tool = Tool.from_function(call, name=name, annotations=hints)
    arguments = tool.fn_metadata.arg_model
    arguments.model_config["extra"] = "forbid"
    arguments.model_rebuild(force=True)
    tool.parameters = arguments.model_json_schema(by_alias=True)
    return tool


def _attempt(job: Callable[[], Any]) -> Any:
    """The job's result; a refusal as the error that the client is shown."""
    try:
        return job()
    except GenasError as error:
        failure = ToolError(shown(str(error)))
        failure.__cause__ = error
        return failure


def _pose_as(call: Callable[..., Any], verb: Callable[..., Any]) -> None:
    """Give `call` the documentation and the arguments of the verb, with the context before them."""
    told = signature(verb)
    context = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Context[Any, Any])
    whole = told.replace(parameters=[context, *told.parameters.values()])
    call.__doc__, call.__signature__ = inspect.getdoc(verb), whole  # type: ignore[attr-defined]
    call.__annotations__ = {p.name: p.annotation for p in whole.parameters.values()}
    call.__annotations__["return"] = whole.return_annotation


def make(root: Path, *, data: Sequence[Path] = (), longest: float = LONGEST) -> MCPServer[Any]:
    """The server, not yet listening.

    Args:
        root: the folder below which runs are written; made if need be.
        data: folders in which requests may name files, beside the root.
        longest: seconds that a design or a further training may have.

    Raises:
        RequestError: it can't be made.
    """
    root = folder_for_run(root.expanduser().resolve())
    for folder in data:
        if not folder.expanduser().is_dir():
            raise RequestError(f"There is no folder {folder} to read data from; name one that exists.")
    thread, verbs = anyio.CapacityLimiter(1), partial(Verbs, root, data=data, longest=longest)
    tools = [_tool(name, thread, verbs) for name in (*READING, *WRITING)]
    return MCPServer("genas", version=__version__, instructions=_INSTRUCTIONS, tools=tools, log_level="WARNING")


def serve(
    transport: Literal["stdio", "http"],
    *,
    root: Path,
    data: Sequence[Path] = (),
    longest: float = LONGEST,
    host: str = "127.0.0.1",
    port: int = 8765,
) -> None:
    """Serve until the client goes (stdio) or the process is interrupted (http, at http://host:port/mcp).

    There is no log-in: whoever reaches the port may start runs and have the files of `root` and `data` read, so leave
    `host` at loopback, or put a proxy that asks for credentials before it. At loopback, requests that a browser was
    tricked into sending are refused (Host and Origin are checked).

    Args:
        transport: stdio for a client that starts this process, http for one that connects to it.
        root: the folder below which runs are written.
        data: folders in which requests may name files, beside the root.
        longest: seconds that a design or a further training may have.
        host: the address to listen on.
        port: the port to listen on.
    """
    server = make(root, data=data, longest=longest)
    if transport == "stdio":
        server.run("stdio")
    else:
        server.run("streamable-http", host=host, port=port)

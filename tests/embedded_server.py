"""An OpenAI-compatible chat server on loopback whose answers a local model really writes, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hostile_server import Server, _body, call, say, serving

from genas.core import registry
from genas.core.errors import GenasError
from genas.core.records import Use

_PASSED = ("response_format", "max_tokens", "temperature", "seed", "tools", "tool_choice", "stop")


@contextmanager
def serving_local(folder: str | None = None, **options: Any) -> Iterator[Server]:
    """The server until the block ends; one request is answered after the other, what the model can't do with 400.

    Args:
        folder: of another chat model than the embedded SmolLM2.
        options: of `genas.llms.local`; what a request sets wins over them.
    """
    model = registry.create("llms", Use("local", {"folder": folder, **options}))
    turn = threading.Lock()

    def reply(request: dict[str, Any], number: int) -> bytes | int:
        said = [("user" if m["role"] == "tool" else m["role"], m.get("content") or "") for m in request["messages"]]
        settings = {key: request[key] for key in _PASSED if request.get(key) is not None}
        try:
            with turn:
                answer = model.invoke(said, **settings)
        except GenasError:
            return 400
        made = [call(c["name"], c["args"]) for c in answer.tool_calls]
        used = {f"{ours}_tokens": answer.usage_metadata[f"{theirs}_tokens"] for ours, theirs in _USAGE.items()}
        return json.dumps(json.loads(_body(made[0] if made else say(str(answer.text)))) | {"usage": used}).encode()

    with serving(reply) as server:
        yield server


_USAGE = {"prompt": "input", "completion": "output", "total": "total"}
